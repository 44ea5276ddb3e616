import type { ServiceOperations } from './operations';

/** What ECS says of a service, whatever anybody wanted of it. */
export interface ServiceFacts {
  readonly deployed: ServiceOperations;
  /** Absent: ECS knows no active service by that ARN. */
  readonly service?: ServiceState;
}

export interface ServiceState {
  /** How many tasks there are to be; scaling moves it. */
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  /** The task definition that ECS is to run: ARN with its revision. */
  readonly taskDefinitionArn: string;
  /** The last thirty days', newest first. */
  readonly deployments: readonly DeploymentFact[];
  readonly tasks: readonly TaskFact[];
  /** The images that the deployed task definition names, by container. */
  readonly definedImages: ReadonlyMap<string, string>;
  /** The digests that ECS took those images to mean when it deployed what runs, by container; what it does not say is not there. */
  readonly resolvedDigests: ReadonlyMap<string, string>;
}

export interface DeploymentFact {
  readonly status: DeploymentStatus;
  readonly createdAt: Date;
  /** What was to run. Absent: ECS does not know any more. */
  readonly taskDefinitionArn?: string;
  /** In ECS's words. */
  readonly reason?: string;
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html */
export type DeploymentStatus =
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'SUCCESSFUL'
  | 'STOP_REQUESTED'
  | 'STOPPED'
  | 'ROLLBACK_REQUESTED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_SUCCESSFUL'
  | 'ROLLBACK_FAILED';

/** A task that runs. */
export interface TaskFact {
  readonly taskDefinitionArn: string;
  readonly isUnhealthy: boolean;
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    /** Absent: it has not been pulled yet. */
    readonly digest?: string;
  }[];
}
