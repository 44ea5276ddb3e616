import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { GoLiveError } from '../../core/shared/errors';

/** How it is found out whether a target may have requests. Times in milliseconds. */
export interface HealthCheck {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** Statuses that are good. */
  readonly codes: readonly number[];
}

export interface TargetGroupOptions {
  readonly name: string;
  /** @default - a target is good from its registration on */
  readonly healthCheck?: HealthCheck | undefined;
  /** A target that goes may finish what it has begun for so long. */
  readonly deregistrationDelayMs: number;
}

/** `initial`: not seen well yet. `draining`: nothing new comes to it. */
export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'draining';

/** A process that requests are sent to. */
export interface Target {
  readonly port: number;
  readonly agent: Agent;
  readonly state: TargetState;
  /** Counts a request as under way, until the function that it gives is called. */
  begin(): () => void;
}

/** A target did not become healthy. */
export class TargetNotHealthyError extends GoLiveError {
  readonly code = 'TargetNotHealthyError';
}

/** A load balancer's first look at a target is after its interval, and here at once: nobody waits for it on AWS either. */
const FIRST_LOOKS_EVERY_MS = 100;

/**
 * Processes that do the same, each at a port of this machine, and which of them may have requests.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
 */
export class TargetGroup {
  private readonly targets = new Map<number, LocalTarget>();
  private turn = 0;

  constructor(private readonly options: TargetGroupOptions) {}

  get name(): string {
    return this.options.name;
  }

  /** Of each port. */
  states(): ReadonlyMap<number, TargetState> {
    return new Map([...this.targets].map(([port, { state }]) => [port, state]));
  }

  register(port: number): void {
    const { healthCheck } = this.options;
    const target = new LocalTarget(port, healthCheck ? 'initial' : 'healthy');
    this.targets.set(port, target);
    if (healthCheck) void target.watch(healthCheck);
  }

  /** @throws TargetNotHealthyError when it is not after so long, or is not registered any more */
  async untilHealthy(port: number, withinMs: number): Promise<void> {
    const target = this.targets.get(port);
    if (await target?.becomesHealthy(withinMs)) return;
    throw new TargetNotHealthyError(
      `port ${port} of ${this.name} was not healthy within ${withinMs / 1000} s: ${target?.lastLook ?? 'it is not registered'}; see its log`,
    );
  }

  /** Sends nothing new there, and waits until what was under way is done or its time is over; what is left is cut off. */
  async deregister(port: number): Promise<void> {
    const target = this.targets.get(port);
    if (!target) return;
    await target.drain(this.options.deregistrationDelayMs);
    this.targets.delete(port);
  }

  /** Whose turn it is. Where all are unhealthy, any of them, as the load balancer does; undefined where there is none. */
  choose(): Target | undefined {
    const inState = (state: TargetState) =>
      [...this.targets.values()].filter((target) => target.state === state);
    const healthy = inState('healthy');
    const candidates = healthy.length > 0 ? healthy : inState('unhealthy');
    return candidates[this.turn++ % candidates.length];
  }

  close(): void {
    for (const target of this.targets.values()) target.end();
    this.targets.clear();
  }
}

class LocalTarget implements Target {
  readonly agent = new Agent({ keepAlive: true });
  lastLook = 'it was not looked at yet';
  private readonly ended = new AbortController();
  private readonly listeners = new Set<() => void>();
  private underWay = 0;
  /** How often in a row it was seen as it is not said to be. */
  private contrary = 0;

  constructor(
    readonly port: number,
    public state: TargetState,
  ) {}

  begin(): () => void {
    this.underWay += 1;
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      this.underWay -= 1;
      this.tell();
    };
  }

  async watch(check: HealthCheck): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted && this.state !== 'draining') {
      this.saw(await this.isWell(check), check);
      const pause = this.state === 'initial' ? FIRST_LOOKS_EVERY_MS : check.intervalMs;
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async becomesHealthy(withinMs: number): Promise<boolean> {
    return await this.until(() => this.state === 'healthy', withinMs);
  }

  async drain(withinMs: number): Promise<void> {
    this.state = 'draining';
    this.tell();
    await this.until(() => this.underWay === 0, withinMs);
    this.end();
  }

  end(): void {
    this.ended.abort();
    this.agent.destroy();
    this.tell();
  }

  private async isWell({ path, timeoutMs, codes }: HealthCheck): Promise<boolean> {
    return await new Promise((resolve) => {
      const told = (wasWell: boolean, look: string) => {
        this.lastLook = look;
        resolve(wasWell);
      };
      get({
        port: this.port,
        host: '127.0.0.1',
        path,
        headers: { 'user-agent': 'ELB-HealthChecker/2.0', connection: 'close' },
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.ended.signal]),
      })
        .on('response', (response) => {
          response.resume();
          const status = response.statusCode ?? 0;
          told(codes.includes(status), `${path} answers with ${status}`);
        })
        .on('error', (error) => told(false, `${path}: ${error.message}`));
    });
  }

  private saw(isWell: boolean, { healthyThreshold, unhealthyThreshold }: HealthCheck): void {
    if (this.state === 'draining') return;
    if (isWell === (this.state === 'healthy')) {
      this.contrary = 0;
      return;
    }
    this.contrary += 1;
    // A new target need be seen well once only.
    const needed = this.state === 'initial' ? 1 : isWell ? healthyThreshold : unhealthyThreshold;
    if (this.contrary < needed || (this.state === 'initial' && !isWell)) return;
    this.state = isWell ? 'healthy' : 'unhealthy';
    this.contrary = 0;
    this.tell();
  }

  private async until(holds: () => boolean, withinMs: number): Promise<boolean> {
    const { signal } = this.ended;
    return await new Promise((resolve) => {
      const look = () => {
        if (!holds() && !signal.aborted) return;
        clearTimeout(timer);
        this.listeners.delete(look);
        resolve(holds());
      };
      const timer = setTimeout(() => {
        this.listeners.delete(look);
        resolve(false);
      }, withinMs);
      this.listeners.add(look);
      look();
    });
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
