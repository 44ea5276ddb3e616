import { Stack } from 'aws-cdk-lib';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import { type ServicesOperations, servicesParameterName } from '../../core/services/operations';

export interface DeployedService {
  /** `gateway` */
  readonly name: string;
  readonly service: FargateService;
  /** Which build it is: the image's digest, or the hash of what it is built from. */
  readonly version: string;
}

/**
 * What this stack deployed, for whoever asks whether it is what runs. It names the services, so CloudFormation writes it
 * after ECS has told it that they are steady, and never of a deployment that failed.
 */
export class ServicesOperationsParameter extends StringParameter {
  constructor(scope: Construct, id: string, environment: string, services: readonly DeployedService[]) {
    const operations: z.input<typeof ServicesOperations> = {
      servicesVersion: 1,
      environment,
      services: services.map(({ name, service, version }) => ({
        name,
        clusterArn: service.cluster.clusterArn,
        serviceArn: service.serviceArn,
        taskDefinitionArn: service.taskDefinition.taskDefinitionArn,
        version,
      })),
    };
    super(scope, id, {
      parameterName: servicesParameterName(environment),
      description: `What the golive command line must know of the services of ${environment}`,
      stringValue: Stack.of(scope).toJsonString(operations),
    });
  }
}
