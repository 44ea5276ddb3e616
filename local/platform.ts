import { resolve } from 'node:path';
import { saidBy } from '../core/shared/errors';
import { LocalCacheUsers } from './cache-users';
import { readAssembly, synthesise } from './cloudformation/assembly';
import type { LocalRotation, PlatformParts } from './cloudformation/provider';
import { Deployment } from './deployment';
import { driveRotation, type Begin, type RotateOverrides, type StartFunction } from './drive-rotation';
import { openFrontDoor, type FrontDoor } from './front-door';
import { destroyClients, EMULATED_ACCOUNT, startEmulator, type AwsClients } from './emulator';
import {
  invokeFunction,
  type Invocation,
  type RunningInvocation,
  type RuntimeSurroundings,
} from './lambda/local-function';
import {
  NoSuchResourceError,
  PlatformStoppedError,
  theOne,
  type LocalPlatform,
  type PlatformOptions,
} from './local-platform';
import { fireRule } from './scheduler';
import {
  NoSuchServiceError,
  openServices,
  type LocalServices,
  type OpenedServices,
} from './services/run-services';
import { platformStepFunctions } from './state-machine/platform-step-functions';
import type { LocalStepFunctions } from './state-machine/step-functions';
import { Supervisor } from './supervisor';

export type { Invocation, InvocationOverrides, RunningInvocation } from './lambda/local-function';
export type { ResourceReport } from './cloudformation/provider';
export type { PlatformRotation, RotateOverrides } from './drive-rotation';
export * from './local-platform';
export type { LocalServices } from './services/run-services';

const ENVIRONMENT = 'local';
const REGION = 'eu-central-1';
const PROJECT = resolve(__dirname, '..');

/** Brings the platform up. Whatever way this process ends, nothing of it stays. */
export async function startPlatform(options: PlatformOptions = {}): Promise<LocalPlatform> {
  const progress = options.onProgress ?? (() => undefined);
  const supervisor = Supervisor.start();
  let clients: AwsClients | undefined;
  let frontDoor: FrontDoor | undefined;
  let stepFunctions: LocalStepFunctions | undefined;
  let opened: OpenedServices | undefined;
  let isStopped = false;
  const cacheUsers = new LocalCacheUsers({
    onFailure: (error) => progress(`a user of the cache was not changed: ${saidBy(error)}`),
  });
  const running = new Set<RunningInvocation>();
  const stop = async (): Promise<void> => {
    isStopped = true;
    await opened?.close();
    await stepFunctions?.close();
    for (const invocation of running) invocation.kill('SIGKILL');
    await Promise.all([...running].map(({ finished }) => finished));
    await frontDoor?.close();
    cacheUsers.close();
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
        stepFunctionsEndpoint: frontDoor?.endpoint,
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
    stepFunctions = platformStepFunctions(() => parts);
    if (options.services) {
      progress('building the services meanwhile');
      opened = await openServices({
        project: PROJECT,
        supervisor,
        stacks,
        surroundings: () => ({
          aws: emulator.aws,
          databaseCaFile: [...parts.databases.values()][0]?.caFile,
          cache: [...parts.caches.values()][0],
        }),
      });
    }
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
      cacheUsers,
      caches: new Map(),
      stepFunctions,
      taskDefinitions: new Map(),
      services: opened?.parts,
      invoke: (fn, event) => start(fn, event, {}).finished,
    };
    const rotate = (rotation: LocalRotation, overrides: RotateOverrides & Begin = {}) =>
      driveRotation(parts, rotation, start, overrides);
    frontDoor = await openFrontDoor({
      emulator: emulator.aws.endpoint,
      cacheUsers: parts.cacheUsers,
      stepFunctions,
      rotate: (secretId, token, onBegun) => {
        const rotation = parts.rotations.find(({ secretArn }) => secretArn === secretId);
        return rotation && rotate(rotation, { token, onBegun });
      },
      onFailure: (error) => progress(`a rotation that was asked for failed: ${saidBy(error)}`),
    });
    const deployment = new Deployment(stacks, parts);
    await deployment.deployFoundations();
    const [database] = parts.databases.values();
    if (!database)
      throw new NoSuchResourceError('the local environment has no database: add one to its stacks');
    const [cache] = parts.caches.values();
    if (!cache) throw new NoSuchResourceError('the local environment has no cache: add one to its stacks');
    progress('rotating what its template wants rotated at once');
    // Secrets Manager does not wait for them, nor for one another.
    await Promise.all(parts.rotations.filter(({ isDueAtOnce }) => isDueAtOnce).map((due) => rotate(due)));
    let services: LocalServices | undefined;
    const deployServices = async (): Promise<LocalServices> => {
      if (!opened) {
        throw new NoSuchServiceError(
          'the platform runs no services: start it with { services: true }, or with later instead of true',
        );
      }
      await deployment.deployServices();
      return (services ??= opened.running());
    };
    if (options.services === true) await deployServices();
    else if (!options.services) await deployment.deployServices();
    const functions = () => [...parts.functions.values()];
    return {
      aws: { ...emulator.aws, endpoint: frontDoor.endpoint },
      clients,
      database,
      cache,
      resources: deployment.resources,
      get functions() {
        return functions();
      },
      invocations,
      buckets: parts.buckets,
      rules: deployment.rules,
      get services() {
        return services;
      },
      deployServices,
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
          theOne('function', functions(), ({ path }) => path, functionPath),
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
      cacheAccepts: (userName, password) => cache.accepts(userName, password),
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
  await synthesise(PROJECT, ENVIRONMENT, folder, supervisor);
  return await readAssembly(folder, ENVIRONMENT);
}
