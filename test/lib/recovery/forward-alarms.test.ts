import { Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { ForwardAlarms } from '../../../lib/recovery/forward-alarms';
import { platformSettings } from '../../../lib/shared/platform-settings';
import { matchesPattern } from '../../support/eventbridge';
import { asSent } from '../alerting/documented-events';
import { configOf, makeApp } from '../support/synthesis';

const stack = new Stack(new Stage(makeApp(), 'prod'), 'Recovery', {
  env: { account: '333333333333', region: 'eu-west-1' },
});
new ForwardAlarms(stack, 'ForwardAlarms', {
  platform: platformSettings(configOf('prod')),
  region: 'eu-central-1',
  failureQueue: new Queue(stack, 'Queue'),
});
const template = Template.fromStack(stack);
const BUS = 'arn:aws:events:eu-central-1:333333333333:event-bus/default';

test('passes on what alarms of this environment say here, whatever their severity and state', () => {
  const [rule] = Object.values(template.findResources('AWS::Events::Rule'));
  const { EventPattern } = rule!['Properties'] as { EventPattern: unknown };
  const isPassedOn = (name: string, value = 'ALARM', region = 'eu-west-1') =>
    matchesPattern(EventPattern, asSent({ name, region, value }));

  expect(isPassedOn('golive-prod-critical-recovery-replication-late')).toBe(true);
  expect(isPassedOn('golive-prod-warning-recovery-replication-late', 'OK')).toBe(true);
  expect(isPassedOn('golive-staging-critical-recovery-replication-late')).toBe(false);
  expect(isPassedOn('golive-prod-critical-edge-errors', 'ALARM', 'eu-central-1')).toBe(false);
});

test('puts events to the main region’s bus and may do nothing else, and leaves what failed', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    Targets: [
      Match.objectLike({
        Arn: BUS,
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Queue'), 'Arn'] } },
      }),
    ],
  });
  expect(
    Object.values(template.findResources('AWS::IAM::Policy')).map(
      ({ Properties }) => (Properties as { PolicyDocument: { Statement: unknown } }).PolicyDocument.Statement,
    ),
  ).toEqual([[{ Action: 'events:PutEvents', Effect: 'Allow', Resource: BUS }]]);
});
