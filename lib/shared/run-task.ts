import { Aws, Stack } from 'aws-cdk-lib';
import type { FargateTaskDefinition, ICluster } from 'aws-cdk-lib/aws-ecs';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A state that runs a task and waits for its end. aws-cdk-lib's own may stop and describe every task of the account. */
export const RUN_TASK = `arn:${Aws.PARTITION}:states:::ecs:runTask.sync`;

/** All that is asked of a cluster here. */
export type KnownCluster = Pick<ICluster, 'clusterArn'>;

/** To stop and to look at tasks, of one cluster alone. */
export function inCluster(actions: string[], cluster: KnownCluster): PolicyStatement {
  return new PolicyStatement({
    actions,
    resources: ['*'],
    conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
  });
}

/**
 * Lets a state machine run a task in a cluster, wait for it and stop it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html#ecs-iam
 *
 * @param taskDefinitionArn what it may run. @default this revision of the definition
 */
export function grantRunTask(
  grantee: IGrantable & IConstruct,
  { definition, cluster }: { readonly definition: FargateTaskDefinition; readonly cluster: KnownCluster },
  taskDefinitionArn = definition.taskDefinitionArn,
): void {
  const { executionRole, taskRole } = definition;
  const statements = [
    new PolicyStatement({
      actions: ['ecs:RunTask'],
      resources: [taskDefinitionArn],
      conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
    }),
    inCluster(['ecs:StopTask', 'ecs:DescribeTasks'], cluster),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [taskRole, executionRole].flatMap((role) => role?.roleArn ?? []),
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    }),
    new PolicyStatement({
      // Step Functions hears of a task's end by a rule that it keeps in the account.
      actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      resources: [
        Stack.of(grantee).formatArn({
          service: 'events',
          resource: 'rule',
          resourceName: 'StepFunctionsGetEventsForECSTaskRule',
        }),
      ],
    }),
  ];
  for (const statement of statements) grantee.grantPrincipal.addToPrincipalPolicy(statement);
}
