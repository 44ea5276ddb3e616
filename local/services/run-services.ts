import type { AssembledStack } from '../cloudformation/assembly';
import { startSpanSink, type SpanSink } from '../span-sink';
import type { Supervisor } from '../supervisor';
import { GoLiveError } from '../../core/shared/errors';
import { ServiceBuilds } from './builds';
import type { Surroundings } from './differences';
import type { ServicesParts } from './parts';
import type { LocalService } from './service';
import { runTask, startTask, toldOtherwise, type TaskOptions, type Variables } from './task';

/** The gateway and the frontend as they run on this machine. */
export interface LocalServices {
  /** The address that people type. */
  readonly origin: string;
  /** What would have gone to the collectors. */
  readonly spans: SpanSink;
  /** `gateway`, `frontend` */
  readonly names: readonly string[];
  /** The process of the task that answers now. */
  pid(name: string): number;
  /** Where that task listens, by the port that its container would listen at. */
  ports(name: string): ReadonlyMap<number, number>;
  /** All that the service's tasks have written. */
  log(name: string): Promise<string>;
  /**
   * Deploys a service again, as ECS does: a new task, and when it is healthy the old one is drained and stopped.
   *
   * @param variables what its tasks are told otherwise from now on
   * @throws TaskFailedError; then the old one goes on
   */
  restart(name: string, variables?: Variables): Promise<void>;
  /**
   * Starts a task that no load balancer knows, to be measured. It does not listen yet when this ends.
   *
   * @param variables what it is told otherwise
   */
  startBeside(name: string, variables: Variables): Promise<TaskBeside>;
  /**
   * Runs another command in a task of the service, such as `['node', '/app/main.js', 'create-user', …]`, to its end.
   *
   * @returns what it wrote
   * @throws TaskFailedError
   */
  run(name: string, options: TaskOptions): Promise<string>;
}

export interface TaskBeside {
  /** Where it listens, by the port that its container would listen at. */
  readonly ports: ReadonlyMap<number, number>;
  stop(): Promise<void>;
}

/** There is no service of that name, or none runs at all. */
export class NoSuchServiceError extends GoLiveError {
  readonly code = 'NoSuchServiceError';
}

export interface OpenedServices {
  readonly parts: ServicesParts;
  /** Once their stack is deployed. */
  running(): LocalServices;
  close(): Promise<void>;
}

export interface ServicesOptions {
  /** The checkout's root. */
  readonly project: string;
  readonly supervisor: Supervisor;
  readonly stacks: readonly AssembledStack[];
  readonly surroundings: () => Omit<Surroundings, 'collector' | 'names'>;
}

/** Opens what the services will run on, and begins their builds. */
export async function openServices(options: ServicesOptions): Promise<OpenedServices> {
  const { project, supervisor, stacks, surroundings } = options;
  const builds = new ServiceBuilds(project, supervisor);
  for (const dockerfile of new Set(stacks.flatMap(({ dockerfiles }) => [...dockerfiles.values()]))) {
    if (/\/services\/[^/]+\/Dockerfile$/.test(dockerfile))
      void builds.image(dockerfile).catch(() => undefined);
  }
  const spans = await startSpanSink();
  const parts: ServicesParts = {
    builds,
    spans,
    balancers: new Map(),
    targetGroups: new Map(),
    names: new Map(),
    services: new Map(),
    surroundings: () => ({
      ...surroundings(),
      collector: spans.url,
      names: new Map([...parts.names].map(([name, { balancer }]) => [name, balancer.host])),
    }),
  };
  return {
    parts,
    running: () => running(parts, supervisor),
    close: async () => {
      for (const service of parts.services.values()) service.close();
      const peers = [...parts.names.values()];
      for (const group of [...parts.targetGroups.values(), ...peers.map(({ group }) => group)]) group.close();
      const balancers = new Set([...parts.balancers.values(), ...peers.map(({ balancer }) => balancer)]);
      await Promise.all([...balancers].map((balancer) => balancer.close()));
      await spans.close();
    },
  };
}

function running(
  { balancers, services, spans, surroundings }: ServicesParts,
  supervisor: Supervisor,
): LocalServices {
  const [edge] = balancers.values();
  if (!edge)
    throw new NoSuchServiceError('the local environment has no load balancer: add one to its stacks');
  const named = (name: string): LocalService => {
    const service = services.get(name);
    if (service) return service;
    throw new NoSuchServiceError(
      `there is no service "${name}"; there are: ${[...services.keys()].join(', ')}`,
    );
  };
  return {
    origin: edge.origin,
    spans,
    names: [...services.keys()],
    pid: (name) => named(name).pid ?? -1,
    ports: (name) => named(name).ports,
    log: async (name) => await named(name).log(),
    restart: async (name, variables) => await named(name).restart(variables),
    startBeside: async (name, variables) => {
      const plan = toldOtherwise(named(name).plan, variables);
      const { container, ports } = await startTask(supervisor, plan, surroundings());
      return { ports, stop: () => container.stop() };
    },
    run: async (name, options) => await runTask(supervisor, named(name).plan, surroundings(), options),
  };
}
