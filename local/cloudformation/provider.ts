import type { Supervisor } from '../supervisor';
import type { LocalPostgres } from '../postgres';
import type { LocalRedis } from '../redis';
import type { AsynchronousInvocation, Invocation, LocalFunction } from '../lambda/local-function';
import type { LocalCacheUsers } from '../cache-users';
import type { AwsClients } from '../emulator';
import type { LocalStepFunctions } from '../state-machine/step-functions';
import type { TaskDefinition } from '../services/definition';
import type { ServicesParts } from '../services/parts';

/**
 * What becomes of a resource here. `executed`: it has its real effect, at the emulator, on a real server or in a process,
 * as its note says. `modelled`: it has an identity and attributes, and no behaviour. `refused`: its
 * type is not known, and the deployment fails.
 */
export type Treatment = 'executed' | 'modelled' | 'refused';

/** How one resource of the templates was treated. */
export interface ResourceReport {
  readonly stack: string;
  readonly logicalId: string;
  /** The construct's path, such as `local/Backup/Vault/Bucket`; the logical id when the template has none. */
  readonly path: string;
  readonly type: string;
  readonly treatment: Treatment;
  /** What stands in for what, or why it has no behaviour here. */
  readonly note: string;
}

/** A resource to be made, with every expression in its properties resolved. */
export interface ResourceRequest {
  readonly stack: string;
  readonly logicalId: string;
  readonly path: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly assets: ReadonlyMap<string, string>;
  readonly dockerfiles: ReadonlyMap<string, string>;
}

/** What a made resource answers to `Ref` and `Fn::GetAtt`. */
export interface MadeResource {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** What to say of this very resource instead of the provider's general note. */
  readonly note?: string;
  /** How this very resource was treated, where that hangs on how the platform was started. */
  readonly treatment?: Exclude<Treatment, 'refused'>;
}

/** A secret's rotation as its template has it. */
export interface LocalRotation {
  /** The schedule's construct path, such as `local/Secrets/Rotations/App/Schedule`. */
  readonly path: string;
  readonly secretArn: string;
  readonly functionArn: string;
  /** Whether deploying rotates. */
  readonly isDueAtOnce: boolean;
}

/** What providers make and look at while they work. */
export interface PlatformParts {
  readonly clients: AwsClients;
  readonly account: string;
  readonly region: string;
  readonly supervisor: Supervisor;
  readonly progress: (line: string) => void;
  /** By the instance's identifier. */
  readonly databases: Map<string, LocalPostgres>;
  /** By the function's ARN. */
  readonly functions: Map<string, LocalFunction>;
  /** Construct path and physical name of each bucket. */
  readonly buckets: Map<string, string>;
  /** Construct path and physical name of each rule. */
  readonly rules: Map<string, string>;
  /** Source ARNs that may invoke a function, by its ARN. */
  readonly permissions: Map<string, { principal: string; sourceArn: string | undefined }[]>;
  /** By the function's ARN. */
  readonly invokeConfigs: Map<string, AsynchronousInvocation>;
  readonly rotations: LocalRotation[];
  readonly cacheUsers: LocalCacheUsers;
  /** By the replication group's id. */
  readonly caches: Map<string, LocalRedis>;
  /** By the revision's ARN. */
  readonly taskDefinitions: Map<string, TaskDefinition>;
  /** What the services run on. @default - they are not run */
  readonly services: ServicesParts | undefined;
  readonly stepFunctions: LocalStepFunctions;
  /** Runs a function once, while the rest is still being deployed. */
  readonly invoke: (fn: LocalFunction, event: unknown) => Promise<Invocation>;
}

export interface Provider {
  readonly treatment: Exclude<Treatment, 'refused'>;
  readonly note: string;
  make(request: ResourceRequest, parts: PlatformParts): Promise<MadeResource>;
}

/** A name for a resource that its template leaves to CloudFormation: readable, and within 63 characters. */
export function physicalName({ stack, logicalId }: Pick<ResourceRequest, 'stack' | 'logicalId'>): string {
  return `${stack}-${logicalId}`.slice(-63).replace(/^[^a-zA-Z]+/, '');
}
