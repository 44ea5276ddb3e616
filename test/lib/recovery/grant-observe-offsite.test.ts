import { Stack, Stage, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { grantObserveOffsite } from '../../../lib/recovery/grant-observe-offsite';
import { replicaNames, type ReplicaNames } from '../../../lib/recovery/replica-names';
import { acknowledge } from '../../../lib/shared/acknowledge';
import { configOf, makeApp, readReport } from '../support/synthesis';
import { actionsOf, allowing, REPLICA, statementsOf } from './prod';

/** Somebody in the first region, who is let look into the other. */
function observer() {
  const app = makeApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  const stack = new Stack(new Stage(app, 'stage'), 'Stack', {
    env: { account: '333333333333', region: 'eu-central-1' },
  });
  const role = new Role(stack, 'Observer', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  grantObserveOffsite(role, replicaNames(configOf('prod')) as ReplicaNames);
  // As every platform function has it.
  acknowledge(role, 'AwsSolutions', 'AwsSolutions-IAM5[Resource::*]', 'Describe calls have none to name.');
  return { app, statements: () => statementsOf('Observer', Template.fromStack(stack)) };
}

test('whoever observes the other region can change nothing there', () => {
  expect(actionsOf(observer().statements())).toEqual([
    'kms:Decrypt',
    'rds:DescribeDBSnapshots',
    's3:GetBucketObjectLockConfiguration',
    's3:GetEncryptionConfiguration',
    's3:GetObject',
    's3:ListBucket',
  ]);
});

test('and sees the replica alone, by its name and its key’s alias', () => {
  const statements = observer().statements();

  expect(allowing(statements, 's3:GetObject').map(({ Resource }) => Resource)).toEqual([
    `arn:aws:s3:::${REPLICA}/dumps/*`,
  ]);
  expect(allowing(statements, 's3:ListBucket').map(({ Resource }) => Resource)).toEqual([
    `arn:aws:s3:::${REPLICA}`,
  ]);
  expect(allowing(statements, 'kms:Decrypt').map(({ Condition }) => Condition)).toEqual([
    {
      StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' },
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/golive-prod-replica' },
    },
  ]);
});

test('with a reason for every wildcard', () => {
  const { app } = observer();
  app.synth();

  expect(readReport(app).pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
});
