import { saidBy } from '../../core/shared/errors';
import type { TargetGroup } from '../edge/target-group';
import type { Supervisor } from '../supervisor';
import type { Surroundings } from './differences';
import {
  startTask,
  taskFailed,
  toldOtherwise,
  withLog,
  type RunningTask,
  type TaskPlan,
  type Variables,
} from './task';

/** A target group that a service's tasks are registered in, by which of their ports. */
export interface ServiceTarget {
  readonly group: TargetGroup;
  readonly containerPort: number;
}

export interface ServiceOptions {
  readonly supervisor: Supervisor;
  readonly plan: TaskPlan;
  readonly surroundings: () => Surroundings;
  /** Of the load balancer: who has become healthy in them is ready. */
  readonly targets: readonly ServiceTarget[];
  /** Of other services. A task is there once it is ready. */
  readonly peers: readonly ServiceTarget[];
  /** A new task has so long to become healthy, milliseconds. */
  readonly graceMs: number;
  readonly progress: (line: string) => void;
}

/** Somebody else took a port between our choosing and the process's binding it. */
const PORT_ATTEMPTS = 5;
/** ECS's circuit breaker gives up after three failures in a row. */
const REPLACEMENTS = 3;

/**
 * A service with one task. A task that ends by itself is replaced; a new version takes the old one's place when it is
 * healthy, and the old one goes when it has finished what it had begun.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
 */
export class LocalService {
  private task: RunningTask | undefined;
  private readonly logs: RunningTask[] = [];
  private isClosed = false;
  /** One change at a time. */
  private changes: Promise<unknown> = Promise.resolve();

  private currentPlan: TaskPlan;

  constructor(private readonly options: ServiceOptions) {
    this.currentPlan = options.plan;
  }

  get name(): string {
    return this.options.plan.name;
  }

  /** What its next task runs. */
  get plan(): TaskPlan {
    return this.currentPlan;
  }

  /** Where the task listens that answers now, by the container's ports. */
  get ports(): ReadonlyMap<number, number> {
    return this.task?.ports ?? new Map<number, number>();
  }

  get pid(): number | undefined {
    return this.task?.container.pid;
  }

  /** @throws TaskFailedError */
  async start(): Promise<void> {
    await this.change(() => this.takeOver());
  }

  /**
   * As ECS deploys with a minimum of 100 % healthy: a new task, and when it is healthy the old one goes.
   *
   * @param variables what its tasks are told otherwise from now on
   * @throws TaskFailedError; then the old one goes on
   */
  async restart(variables: Variables = {}): Promise<void> {
    await this.change(async () => {
      const [old, before] = [this.task, this.currentPlan];
      this.currentPlan = toldOtherwise(before, variables);
      try {
        await this.takeOver();
      } catch (error) {
        this.currentPlan = before;
        throw error;
      }
      if (old) await this.stopTask(old);
    });
  }

  /** All that its tasks have written, in the order of their starts. */
  async log(): Promise<string> {
    return (await Promise.all(this.logs.map(({ container }) => container.log()))).join('');
  }

  /** Replaces no task any more. */
  close(): void {
    this.isClosed = true;
  }

  private async change(work: () => Promise<void>): Promise<void> {
    const done = this.changes.then(work);
    this.changes = done.catch(() => undefined);
    await done;
  }

  private async takeOver(): Promise<void> {
    const task = await this.startReady();
    this.task = task;
    void task.container.finished.then(() => this.replace(task));
  }

  private async startReady(): Promise<RunningTask> {
    const { supervisor, surroundings } = this.options;
    for (let attempt = 1; ; attempt++) {
      const task = await startTask(supervisor, this.currentPlan, surroundings());
      this.logs.push(task);
      try {
        await this.becomeReady(task);
        return task;
      } catch (error) {
        await this.drop(task);
        await task.container.kill();
        const isTaken = (await task.container.log()).includes('EADDRINUSE');
        if (!isTaken || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  private async becomeReady({ container, ports }: RunningTask): Promise<void> {
    const { targets, peers, graceMs } = this.options;
    const healthy = targets.map(async ({ group, containerPort }) => {
      group.register(ports.get(containerPort)!);
      await group.untilHealthy(ports.get(containerPort)!, graceMs);
    });
    const failure = await Promise.race([
      Promise.all(healthy).then(
        () => undefined,
        (error: Error) => withLog(container, `is not ready: ${error.message}`),
      ),
      container.finished.then(() => taskFailed(container, 'did not become ready')),
    ]);
    if (failure) throw failure;
    for (const { group, containerPort } of peers) group.register(ports.get(containerPort)!);
  }

  private async stopTask(task: RunningTask): Promise<void> {
    await this.drop(task);
    await task.container.stop();
  }

  /** Nothing new comes to it, and what it has begun is done, when this ends. */
  private async drop({ ports }: RunningTask): Promise<void> {
    const { targets, peers } = this.options;
    await Promise.all(
      [...targets, ...peers].map(({ group, containerPort }) => group.deregister(ports.get(containerPort)!)),
    );
  }

  /** When a task has ended that nobody stopped. */
  private async replace(ended: RunningTask): Promise<void> {
    if (this.isClosed || this.task !== ended) return;
    const { progress } = this.options;
    await this.drop(ended);
    for (let attempt = 1; attempt <= REPLACEMENTS; attempt++) {
      progress(`${ended.container.name} has ended; starting another`);
      try {
        await this.change(async () => {
          if (!this.isClosed && this.task === ended) await this.takeOver();
        });
        return;
      } catch (error) {
        progress(`${this.name}: ${saidBy(error)}`);
      }
    }
    progress(`${this.name} is not started any more; see its log`);
  }
}
