import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { DRILL_TAG, DRILLED_BY } from '../../core/backup/drill/throw-away-instance';
import type { Postgres } from '../database/postgres';
import { acknowledge } from '../shared/acknowledge';
import type { PlatformSettings } from '../shared/platform-settings';

export interface InstanceAccessProps {
  readonly platform: PlatformSettings;
  readonly postgres: Postgres;
}

/**
 * What it takes to restore instances beside the live one, for good and for a drill, and to rename them into its place.
 * The live instance's own name may be renamed and snapshotted, and never deleted: deletions are allowed of the names
 * that restores and drills give.
 *
 * RDS authorises a restore on everything that the new instance takes: source, groups and the new name.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
 */
export function grantInstances(
  grantee: IGrantable & IConstruct,
  { platform, postgres }: InstanceAccessProps,
): void {
  const live = postgres.instanceIdentifier;
  const arn = (resource: string, resourceName: string) =>
    Stack.of(grantee).formatArn({
      service: 'rds',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  const liveArn = arn('db', live);
  const restored = arn('db', `${live}-restore-*`);
  const replaced = arn('db', `${live}-replaced-*`);
  const drilled = arn('db', `${live}-drill-*`);
  const groups = ['subgrp', 'pg', 'og'].map((group) => arn(group, '*'));
  const backups = [arn('snapshot', '*'), arn('auto-backup', '*')];
  const safety = [arn('snapshot', `${live}-before-*`), arn('snapshot', `${live}-final-*`)];
  const tagged = { StringEquals: { [`aws:ResourceTag/${DRILL_TAG.environment}`]: platform.environmentName } };
  const statements = [
    new PolicyStatement({
      actions: ['rds:RestoreDBInstanceFromDBSnapshot', 'rds:RestoreDBInstanceToPointInTime'],
      resources: [restored, drilled, liveArn, replaced, ...backups, ...groups],
      conditions: { StringEquals: { [`aws:RequestTag/${DRILL_TAG.environment}`]: platform.environmentName } },
    }),
    new PolicyStatement({
      actions: [
        'rds:ModifyDBInstance',
        'rds:RebootDBInstance',
        'rds:AddTagsToResource',
        'rds:RemoveTagsFromResource',
      ],
      resources: [liveArn, restored, replaced, drilled],
    }),
    new PolicyStatement({
      // A modification names the groups that the instance is to have. RDS's default ones carry no tag.
      actions: ['rds:ModifyDBInstance'],
      resources: groups,
      conditions: {
        StringEqualsIfExists: { [`aws:ResourceTag/${DRILL_TAG.environment}`]: platform.environmentName },
      },
    }),
    new PolicyStatement({
      actions: ['rds:CreateDBSnapshot', 'rds:AddTagsToResource'],
      resources: [liveArn, replaced, ...safety],
    }),
    new PolicyStatement({
      actions: ['rds:DeleteDBInstance'],
      resources: [restored, replaced],
      conditions: tagged,
    }),
    new PolicyStatement({
      actions: ['rds:DeleteDBInstance'],
      resources: [drilled],
      conditions: {
        StringEquals: { ...tagged.StringEquals, [`aws:ResourceTag/${DRILL_TAG.managedBy}`]: DRILLED_BY },
      },
    }),
    new PolicyStatement({
      // A deletion may leave a last snapshot.
      actions: ['rds:DeleteDBInstance'],
      resources: safety,
    }),
  ];
  for (const statement of statements) grantee.grantPrincipal.addToPrincipalPolicy(statement);
  postgres.grantRestore(grantee);
  for (const resource of [restored, replaced, drilled, ...groups, ...backups, ...safety]) {
    acknowledge(
      grantee,
      'AwsSolutions',
      `AwsSolutions-IAM5[Resource::${resource}]`,
      'Restored instances, and what they are restored from, are named by the instant; the prefix or kind narrows them.',
    );
  }
}
