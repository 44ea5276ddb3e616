import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Lets somebody see which services there are, and which secrets their task definitions name. No value is among it. */
export function grantReadServices(grantee: IGrantable): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      // Clusters are found by a tag that is read here, so none can be named before.
      actions: [
        'ecs:ListClusters',
        'ecs:DescribeClusters',
        'ecs:ListServices',
        'ecs:DescribeServices',
        'ecs:DescribeTaskDefinition',
      ],
      resources: ['*'],
    }),
  );
}
