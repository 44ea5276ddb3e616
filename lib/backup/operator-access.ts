import { ArnFormat, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantListRdsBackups } from './list-backups-access';
import { grantReadOperations } from '../shared/operations-access';
import type { OperationsTask } from './operations-task';
import type { TaskJob } from './task-job';
import type { Vault } from './vault';
import { grantVault } from './vault-access';

export interface OperatorAccessProps {
  readonly platform: PlatformSettings;
  readonly vault: Vault;
  readonly task: OperationsTask;
  readonly onDemand: TaskJob;
}

/**
 * What the operator on call needs, and no more: to look at everything, and to have the task do the rest. No right to
 * the database, its credentials or a deletion: those are the task's.
 */
export class OperatorAccess extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: OperatorAccessProps) {
    super(scope, id);
    const { platform, vault, task, onDemand } = props;
    this.policy = new ManagedPolicy(this, 'Policy', {
      // A permission set of IAM Identity Center names a customer managed policy, the same in every account. With the
      // region, for names of policies are the account's: after the loss of a region the next one needs its own.
      managedPolicyName: `golive-${platform.environmentName}-operator-${Stack.of(this).region}`,
      description: `Run golive against ${platform.environmentName}: look, and start the operations task`,
    });
    grantReadOperations(this.policy, platform.environmentName);
    grantVault(vault, this.policy, {
      read: ['dumps/', 'drills/', 'audit/', 'status/'],
      readVersions: ['dumps/'],
    });
    grantListRdsBackups(this.policy);
    const { stateMachineArn, stateMachineName } = onDemand.stateMachine;
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.policy.addStatements(
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] }),
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:StopExecution'],
        resources: [executions],
      }),
      new PolicyStatement({
        actions: ['logs:GetLogEvents', 'logs:FilterLogEvents'],
        resources: [task.logGroup.logGroupArn],
      }),
    );
    const name = Stack.of(this).getLogicalId(onDemand.stateMachine.node.defaultChild as never);
    acknowledge(
      this.policy,
      'AwsSolutions',
      `AwsSolutions-IAM5[Resource::arn:${Stack.of(this).partition}:states:${Stack.of(this).region}:${Stack.of(this).account}:execution:<${name}.Name>:*]`,
      'Executions are named when they begin; they are those of one state machine.',
    );
  }
}
