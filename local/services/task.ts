import { GoLiveError } from '../../core/shared/errors';
import { startContainer, type LocalContainer, type LocalImage } from '../container-process';
import { freePort } from '../free-port';
import type { Supervisor } from '../supervisor';
import type { ContainerDefinition } from './definition';
import { onThisMachine, portsOf, type Ports, type Surroundings } from './differences';

/** All that is needed to run a container of a task definition. */
export interface TaskPlan {
  /** The container's name: `gateway`. */
  readonly name: string;
  readonly image: LocalImage;
  readonly definition: ContainerDefinition;
}

export interface TaskOptions {
  /** @default the definition's, else the image's */
  readonly command?: readonly string[];
  readonly input?: string;
}

/** What a container is told, by name. */
export type Variables = Readonly<Record<string, string>>;

/** The same task with other values of some variables. */
export function toldOtherwise(plan: TaskPlan, variables: Variables): TaskPlan {
  const told = plan.definition.Environment.filter(({ Name }) => variables[Name] === undefined);
  const others = Object.entries(variables).map(([Name, Value]) => ({ Name, Value }));
  return { ...plan, definition: { ...plan.definition, Environment: [...told, ...others] } };
}

/** A container's process and where it listens. */
export interface RunningTask {
  readonly container: LocalContainer;
  readonly ports: Ports;
}

/** A task ended that should not have, or did not end well. Its log is in the message. */
export class TaskFailedError extends GoLiveError {
  readonly code = 'TaskFailedError';
}

const TOLD_CHARACTERS = 4_000;

let numberOfTasks = 0;

/** Starts a container's process at free ports. It does not listen yet. */
export async function startTask(
  supervisor: Supervisor,
  { name, image, definition }: TaskPlan,
  surroundings: Surroundings,
  { command = definition.Command, input }: TaskOptions = {},
): Promise<RunningTask> {
  const environment = Object.fromEntries(definition.Environment.map(({ Name, Value }) => [Name, Value]));
  const ports = await freePorts(portsOf({ ...image.environment, ...environment }));
  const container = await startContainer(supervisor, {
    name: `${name} ${++numberOfTasks}`,
    image,
    command,
    input,
    environment: onThisMachine(environment, surroundings, ports),
    stopTimeoutSeconds: definition.StopTimeout,
  });
  return { container, ports };
}

/**
 * Runs a container to its end.
 *
 * @returns what it wrote
 * @throws TaskFailedError
 */
export async function runTask(
  supervisor: Supervisor,
  plan: TaskPlan,
  surroundings: Surroundings,
  options: TaskOptions = {},
): Promise<string> {
  const { container } = await startTask(supervisor, plan, surroundings, options);
  const { code } = await container.finished;
  if (code === 0) return await container.log();
  throw await taskFailed(container, 'did not do what it was run for');
}

/** @param what about a container that has ended */
export async function taskFailed(container: LocalContainer, what: string): Promise<TaskFailedError> {
  const { code, signal } = await container.finished;
  return await withLog(container, `${what} and ended with ${signal ?? `exit code ${code}`}`);
}

/** An error about a container that shows the end of its log. */
export async function withLog(container: LocalContainer, what: string): Promise<TaskFailedError> {
  const log = (await container.log()).trim().slice(-TOLD_CHARACTERS);
  return new TaskFailedError(`${container.name} ${what}; its log says:\n${log || '(nothing)'}`);
}

/** One for each, and no two the same. */
async function freePorts(wanted: readonly number[]): Promise<Map<number, number>> {
  const ports = new Map<number, number>();
  for (const port of wanted) {
    let free = await freePort();
    while ([...ports.values()].includes(free)) free = await freePort();
    ports.set(port, free);
  }
  return ports;
}
