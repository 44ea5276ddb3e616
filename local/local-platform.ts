import { GoLiveError } from '../core/shared/errors';
import type { ResourceReport } from './cloudformation/provider';
import type { PlatformRotation, RotateOverrides } from './drive-rotation';
import type { AwsClients, EmulatedAws } from './emulator';
import type {
  Invocation,
  InvocationOverrides,
  LocalFunction,
  RunningInvocation,
} from './lambda/local-function';
import type { LocalPostgres } from './postgres';
import type { LocalRedis } from './redis';
import type { LocalServices } from './services/run-services';

export interface PlatformOptions {
  /** An assembly that is synthesised already. @default synthesised now, into a temporary folder */
  readonly assembly?: string;
  /**
   * Whether the gateway and the frontend run, behind their load balancer. `later`: they are built from the beginning, and
   * run when {@link LocalPlatform.deployServices} is called.
   * @default false - their stack is deployed, and its report says that they do not run
   */
  readonly services?: boolean | 'later';
  readonly onProgress?: (line: string) => void;
}

export interface LocalRule {
  /** The construct's path, such as `local/Backup/DumpJob/Dump/Schedule`. */
  readonly path: string;
  readonly name: string;
  readonly schedule: string | undefined;
  /** ARNs. */
  readonly targets: readonly string[];
}

export interface FireOverrides extends InvocationOverrides {
  /** The instant that the schedule stands for. @default now */
  readonly at?: Date;
  /** Called as each attempt starts, so that a test can reach its process. */
  readonly onInvocation?: (running: RunningInvocation) => void;
}

/** The `local` environment, deployed and running on this machine. */
export interface LocalPlatform {
  /** For others, such as the command line: RotateSecret has the deployed function rotate. */
  readonly aws: EmulatedAws;
  /** Of the emulator itself. */
  readonly clients: AwsClients;
  readonly database: LocalPostgres;
  readonly cache: LocalRedis;
  /** How each resource of the templates was treated; none of a deployed stack is left out. */
  readonly resources: readonly ResourceReport[];
  readonly rules: readonly LocalRule[];
  readonly functions: readonly LocalFunction[];
  /** All that ran and ended until now, the functions of the deployment too. */
  readonly invocations: readonly Invocation[];
  /** Physical names by construct path. */
  readonly buckets: ReadonlyMap<string, string>;
  /** @default - they do not run, or not yet */
  readonly services: LocalServices | undefined;
  /**
   * Deploys the Services stack and waits until the services are ready: where the platform was started to run them, and
   * once.
   *
   * @throws DeploymentError, with the log of what did not start
   */
  deployServices(): Promise<LocalServices>;
  /** Fires the one rule whose path contains `rulePath`; returns the attempts, the last one last. */
  fire(rulePath: string, overrides?: FireOverrides): Promise<Invocation[]>;
  /** Invokes the one function whose path contains `functionPath`, synchronously as Lambda would: no retry. */
  invoke(functionPath: string, event: unknown, overrides?: InvocationOverrides): RunningInvocation;
  /**
   * Rotates the secret of the one schedule whose path contains `schedulePath`, as Secrets Manager would: by the bundle
   * that is deployed for it.
   */
  rotate(schedulePath: string, overrides?: RotateOverrides): Promise<PlatformRotation>;
  /** The secret's ARN, of the one rotation schedule whose path contains `schedulePath`. */
  rotatedSecret(schedulePath: string): string;
  /** Whether the cache lets in who comes with this name and this password now: tried. */
  cacheAccepts(userName: string, password: string): Promise<boolean>;
  /** The physical name of the one bucket whose path contains `bucketPath`. */
  bucket(bucketPath: string): string;
  /** Ends every process, frees every port and removes every file. */
  stop(): Promise<void>;
}

/** What still runs beside a platform that is being stopped ends so. */
export class PlatformStoppedError extends GoLiveError {
  readonly code = 'PlatformStoppedError';
}

/** A path that was asked for fits nothing, or more than one thing. */
export class NoSuchResourceError extends GoLiveError {
  readonly code = 'NoSuchResourceError';
}

/** The one of these whose path holds what is wanted. @throws NoSuchResourceError */
export function theOne<T>(kind: string, items: readonly T[], pathOf: (item: T) => string, wanted: string): T {
  const fitting = items.filter((item) => pathOf(item).includes(wanted));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const known = items.map(pathOf).join(', ');
  throw new NoSuchResourceError(
    fitting.length === 0
      ? `no ${kind} has "${wanted}" in its path; there are: ${known}`
      : `"${wanted}" fits more than one ${kind}: ${fitting.map(pathOf).join(', ')}`,
  );
}
