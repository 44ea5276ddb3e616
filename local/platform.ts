import { resolve } from 'node:path';
import { DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GoLiveError, saidBy } from '../core/shared/errors';
import { LocalCacheUsers } from './cache-users';
import { readAssembly, synthesise } from './cloudformation/assembly';
import { deployStacks } from './cloudformation/deploy';
import type { LocalRotation, PlatformParts, ResourceReport } from './cloudformation/provider';
import { PROVIDERS } from './cloudformation/providers';
import {
  driveRotation,
  type Begin,
  type PlatformRotation,
  type RotateOverrides,
  type StartFunction,
} from './drive-rotation';
import { openFrontDoor, type FrontDoor } from './front-door';
import {
  destroyClients,
  EMULATED_ACCOUNT,
  startEmulator,
  type AwsClients,
  type EmulatedAws,
} from './emulator';
import {
  invokeFunction,
  type Invocation,
  type InvocationOverrides,
  type LocalFunction,
  type RunningInvocation,
  type RuntimeSurroundings,
} from './lambda/local-function';
import type { LocalPostgres } from './postgres';
import { fireRule } from './scheduler';
import { Supervisor } from './supervisor';

export type { Invocation, InvocationOverrides, RunningInvocation } from './lambda/local-function';
export type { ResourceReport } from './cloudformation/provider';
export type { PlatformRotation, RotateOverrides } from './drive-rotation';

export interface PlatformOptions {
  /** An assembly that is synthesised already. @default synthesised now, into a temporary folder */
  readonly assembly?: string;
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
  /** How each resource of the templates was treated; none is left out. */
  readonly resources: readonly ResourceReport[];
  readonly rules: readonly LocalRule[];
  readonly functions: readonly LocalFunction[];
  /** All that ran and ended until now, the functions of the deployment too. */
  readonly invocations: readonly Invocation[];
  /** Physical names by construct path. */
  readonly buckets: ReadonlyMap<string, string>;
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
  /** Whether the cache would let in who comes with this name and this password now. */
  cacheAccepts(userName: string, password: string): boolean;
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

const ENVIRONMENT = 'local';
const REGION = 'eu-central-1';

/** Brings the platform up. Whatever way this process ends, nothing of it stays. */
export async function startPlatform(options: PlatformOptions = {}): Promise<LocalPlatform> {
  const progress = options.onProgress ?? (() => undefined);
  const supervisor = Supervisor.start();
  let clients: AwsClients | undefined;
  let frontDoor: FrontDoor | undefined;
  let isStopped = false;
  const running = new Set<RunningInvocation>();
  const stop = async (): Promise<void> => {
    isStopped = true;
    for (const invocation of running) invocation.kill('SIGKILL');
    await Promise.all([...running].map(({ finished }) => finished));
    await frontDoor?.close();
    await supervisor.stop();
    if (clients) destroyClients(clients);
  };
  try {
    progress('synthesising the local environment and starting the emulator');
    const [stacks, emulator] = await Promise.all([
      assembleStacks(options.assembly, supervisor),
      startEmulator(supervisor, REGION),
    ]);
    clients = emulator.clients;
    const temporaryFolder = await supervisor.temporaryFolder('golive-lambda-');
    const invocations: Invocation[] = [];
    /** What there is by now: a custom resource is made while others are still to come. */
    const surroundings = (): RuntimeSurroundings => {
      const [database] = parts.databases.values();
      return {
        region: REGION,
        credentials: emulator.aws.credentials,
        awsEndpoint: emulator.aws.endpoint,
        elastiCacheEndpoint: frontDoor?.endpoint,
        programFolders: database ? [database.binFolder] : [],
        databaseCaFile: database?.caFile,
        temporaryFolder,
      };
    };
    const start: StartFunction = (fn, event, overrides) => {
      if (isStopped)
        throw new PlatformStoppedError(`${fn.path} is not started any more: the platform was stopped`);
      const invocation = invokeFunction(fn, event, surroundings(), overrides);
      running.add(invocation);
      void invocation.finished.then((ended) => {
        running.delete(invocation);
        invocations.push(ended);
      });
      return invocation;
    };
    const parts: PlatformParts = {
      clients,
      account: EMULATED_ACCOUNT,
      region: REGION,
      supervisor,
      progress,
      databases: new Map(),
      functions: new Map(),
      buckets: new Map(),
      rules: new Map(),
      permissions: new Map(),
      invokeConfigs: new Map(),
      rotations: [],
      cacheUsers: new LocalCacheUsers(),
      invoke: (fn, event) => start(fn, event, {}).finished,
    };
    const rotate = (rotation: LocalRotation, overrides: RotateOverrides & Begin = {}) =>
      driveRotation(parts, rotation, start, overrides);
    frontDoor = await openFrontDoor({
      emulator: emulator.aws.endpoint,
      cacheUsers: parts.cacheUsers,
      rotate: (secretId, token, onBegun) => {
        const rotation = parts.rotations.find(({ secretArn }) => secretArn === secretId);
        return rotation && rotate(rotation, { token, onBegun });
      },
      onFailure: (error) => progress(`a rotation that was asked for failed: ${saidBy(error)}`),
    });
    progress(`deploying ${stacks.map(({ name }) => name).join(', ')}`);
    const resources = await deployStacks(stacks, PROVIDERS, parts);
    const [database] = parts.databases.values();
    if (!database)
      throw new NoSuchResourceError('the local environment has no database: add one to its stacks');
    progress('rotating what its template wants rotated at once');
    // Secrets Manager does not wait for them, nor for one another.
    await Promise.all(parts.rotations.filter(({ isDueAtOnce }) => isDueAtOnce).map((due) => rotate(due)));
    const functions = [...parts.functions.values()];
    return {
      aws: { ...emulator.aws, endpoint: frontDoor.endpoint },
      clients,
      database,
      resources,
      functions,
      invocations,
      buckets: parts.buckets,
      rules: await Promise.all([...parts.rules].map(([path, name]) => describeRule(parts, path, name))),
      fire: async (rulePath, { at, onInvocation, ...overrides } = {}) => {
        const [, name] = theOne('rule', [...parts.rules], ([path]) => path, rulePath);
        const targets = await fireRule(name, parts, {
          ...(at ? { at } : {}),
          invoke: (fn, event) => {
            const invocation = start(fn, event, overrides);
            onInvocation?.(invocation);
            return invocation.finished;
          },
        });
        return targets.flat();
      },
      invoke: (functionPath, event, overrides = {}) =>
        start(
          theOne('function', functions, ({ path }) => path, functionPath),
          event,
          overrides,
        ),
      rotate: async (schedulePath, overrides) =>
        await rotate(
          theOne('rotation schedule', parts.rotations, ({ path }) => path, schedulePath),
          overrides,
        ),
      rotatedSecret: (schedulePath) =>
        theOne('rotation schedule', parts.rotations, ({ path }) => path, schedulePath).secretArn,
      cacheAccepts: (userName, password) => parts.cacheUsers.accepts(userName, password),
      bucket: (bucketPath) => theOne('bucket', [...parts.buckets], ([path]) => path, bucketPath)[1],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assembleStacks(assembly: string | undefined, supervisor: Supervisor) {
  if (assembly !== undefined) return await readAssembly(assembly, ENVIRONMENT);
  const folder = await supervisor.temporaryFolder('golive-assembly-');
  await synthesise(resolve(__dirname, '..'), ENVIRONMENT, folder, supervisor);
  return await readAssembly(folder, ENVIRONMENT);
}

async function describeRule(
  { clients: { eventBridge } }: PlatformParts,
  path: string,
  name: string,
): Promise<LocalRule> {
  const { ScheduleExpression } = await eventBridge.send(new DescribeRuleCommand({ Name: name }));
  const { Targets = [] } = await eventBridge.send(new ListTargetsByRuleCommand({ Rule: name }));
  return { path, name, schedule: ScheduleExpression, targets: Targets.map(({ Arn }) => Arn ?? '') };
}

function theOne<T>(kind: string, items: readonly T[], pathOf: (item: T) => string, wanted: string): T {
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
