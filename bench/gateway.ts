import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import * as z from 'zod';
import { count } from '../core/shared/units';
import { loadEnvironments } from '../lib/config';
import { startPlatform, type LocalPlatform, type LocalServices } from '../local/platform';
import type { TaskBeside } from '../local/services/run-services';
import { seedServices } from '../local/services/seed';
import { beginLoad, sendLoad, type HttpLoad, type HttpLoadReport } from './support/http-load';

/**
 * The gateway under load, with the settings of production, on a real PostgreSQL and a real Redis over TLS:
 *
 * - what tracing costs: two tasks of the same build, one with tracing and one without, take the same load in turns, and
 *   each turn gives one ratio of requests per second; the median counts. The one that traces samples as production does.
 *   Several pairs, each of new tasks: V8 makes one process some percent quicker than another of the same program, and both
 *   quicker for half a minute.
 * - what a rolling restart and a rotation of every secret cost those who come through the load balancer: nothing.
 *
 *     npm run bench:gateway -- [--seconds 2] [--turns 6] [--pairs 6]
 *
 * It runs on the Node of the images, which npm brings: on Node 20 a context follows a request by hooks on every promise, and
 * costs more (decision 1101).
 *
 * Ends with 1 when tracing costs more than 5 % of a read's or of a write's throughput, or when a request failed. Rates and
 * latencies are this machine's: client, gateway, PostgreSQL and Redis share its processors.
 */
const MOST_TRACING_COSTS = 0.05;
const CONNECTIONS = 16;
const WARM_UP_SECONDS = 20;
const START_SECONDS = 60;
const ROTATIONS = ['App', 'Backup', 'Cache', 'Jwt', 'Data', 'Master'] as const;
const NO_LIMIT = '1000000000';
const PLAIN = { head: [], border: [] };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '2' },
      turns: { type: 'string', default: '6' },
      pairs: { type: 'string', default: '6' },
    },
  });
  const size = { seconds: Number(values.seconds), turns: Number(values.turns), pairs: Number(values.pairs) };
  const platform = await startPlatform({ services: true, onProgress: (line) => console.error(line) });
  try {
    console.log(
      `PostgreSQL ${platform.database.version} and Redis over TLS, ${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`,
    );
    const services = await platform.deployServices();
    const account = await signIn(services);
    const problems = [
      ...(await tracingCosts(services, account, size)),
      ...(await changesUnderLoad(platform, services, account)),
    ];
    for (const problem of problems) console.log(`FAILED: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else console.log('passed');
  } finally {
    await platform.stop();
  }
}

/** How long each turn of a load is, seconds, and how many there are of each kind. */
interface Size {
  readonly seconds: number;
  readonly turns: number;
  readonly pairs: number;
}

interface Account {
  readonly token: string;
  readonly projectId: string;
}

const Session = z.object({ token: z.string() });
const Projects = z.object({ items: z.array(z.object({ id: z.string() })).min(1) });

async function signIn(services: LocalServices): Promise<Account> {
  const { email, password } = await seedServices(services);
  const sessions = await fetch(`${services.origin}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const { token } = Session.parse(await sessions.json());
  const projects = await fetch(`${services.origin}/api/v1/projects`, { headers: authorised(token) });
  return { token, projectId: Projects.parse(await projects.json()).items[0]!.id };
}

const authorised = (token: string) => ({ authorization: `Bearer ${token}` });

const read = ({ token, projectId }: Account) =>
  ({ path: `/api/v1/projects/${projectId}`, headers: authorised(token), connections: CONNECTIONS }) as const;

const write = ({ token, projectId }: Account) =>
  ({
    path: `/api/v1/projects/${projectId}/deployments`,
    method: 'POST',
    headers: { ...authorised(token), 'content-type': 'application/json' },
    body: JSON.stringify({ version: '1.0.0', commit: 'a'.repeat(40), environment: 'dev' }),
    connections: CONNECTIONS,
  }) as const;

type Turn = Readonly<Record<'off' | 'on', HttpLoadReport>>;

type Pair = Readonly<Record<'read' | 'write', readonly Turn[]>>;

async function tracingCosts(services: LocalServices, account: Account, size: Size): Promise<string[]> {
  const pairs: Pair[] = [];
  for (let pair = 0; pair < size.pairs; pair++) pairs.push(await measurePair(services, account, size));
  const problems: string[] = [];
  const table = new Table({
    style: PLAIN,
    head: ['', 'requests/s off', 'on', 'p99 off', 'on', 'ratio by pair', 'of all turns'],
  });
  for (const name of ['read', 'write'] as const) {
    const turns = pairs.flatMap((pair) => pair[name]);
    const ratio = median(turns.map(ratioOf));
    const figure = (of: (turn: Turn) => number) => count(Math.round(median(turns.map(of))));
    const latency = (of: (turn: Turn) => number) => `${median(turns.map(of)).toFixed(1)} ms`;
    table.push([
      name,
      figure((turn) => turn.off.requestsPerSecond),
      figure((turn) => turn.on.requestsPerSecond),
      latency((turn) => turn.off.p99),
      latency((turn) => turn.on.p99),
      pairs.map((pair) => median(pair[name].map(ratioOf)).toFixed(3)).join(' '),
      ratio.toFixed(3),
    ]);
    if (ratio < 1 - MOST_TRACING_COSTS) {
      problems.push(`tracing costs ${((1 - ratio) * 100).toFixed(1)} % of a ${name}'s throughput, limit 5 %`);
    }
    for (const { failed, failures } of turns.flatMap(({ off, on }) => [off, on])) {
      if (failed > 0) problems.push(`${count(failed)} of the ${name}s failed: ${failures}`);
    }
  }
  console.log(table.toString());
  return problems;
}

const ratioOf = ({ off, on }: Turn): number => on.requestsPerSecond / off.requestsPerSecond;

/** Two new tasks of the same build, one with tracing and one without, that take each load in turns. */
async function measurePair(
  services: LocalServices,
  account: Account,
  { seconds, turns: most }: Size,
): Promise<Pair> {
  const told = {
    RATE_LIMIT_ADDRESS_PER_MINUTE: NO_LIMIT,
    RATE_LIMIT_USER_PER_MINUTE: NO_LIMIT,
    LOG_LEVEL: 'INFO',
  };
  const [off, on] = await Promise.all([
    services.startBeside('gateway', { ...told, OTEL_ENABLED: 'false' }),
    services.startBeside('gateway', { ...told, ...tracedAsInProduction() }),
  ]);
  await Promise.all([untilReady(off), untilReady(on)]);
  const measure = async (load: Omit<HttpLoad, 'origin' | 'seconds'>): Promise<readonly Turn[]> => {
    const send = (task: TaskBeside, duration: number) =>
      sendLoad({
        ...load,
        origin: `http://127.0.0.1:${task.ports.get(8080)}`,
        seconds: duration,
      });
    await Promise.all([send(off, WARM_UP_SECONDS), send(on, WARM_UP_SECONDS)]);
    const turns: Turn[] = [];
    for (let turn = 0; turn < most; turn++) {
      // Who comes first changes from turn to turn: the machine does not stay the same.
      if (turn % 2 === 0) turns.push({ off: await send(off, seconds), on: await send(on, seconds) });
      else turns.push({ on: await send(on, seconds), off: await send(off, seconds) });
    }
    return turns;
  };
  const measured = { read: await measure(read(account)), write: await measure(write(account)) };
  await Promise.all([off.stop(), on.stop()]);
  return measured;
}

function tracedAsInProduction() {
  const [production] = loadEnvironments(['prod']);
  const { sampleRatio, tracesPerSecond } = production!.services.observability;
  return {
    OTEL_ENABLED: 'true',
    OTEL_SAMPLE_RATIO: String(sampleRatio),
    ...(tracesPerSecond !== undefined && { OTEL_TRACES_PER_SECOND: String(tracesPerSecond) }),
  };
}

async function untilReady({ ports }: TaskBeside): Promise<void> {
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${ports.get(8080)}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`a gateway was not ready within ${START_SECONDS} s`);
    await delay(100);
  }
}

/** A few clients through the load balancer, as people come, while everything behind it changes. */
async function changesUnderLoad(
  platform: LocalPlatform,
  services: LocalServices,
  account: Account,
): Promise<string[]> {
  const problems: string[] = [];
  // Through it the limits of production hold; so it is asked with one address's allowance in mind.
  await services.restart('gateway', {
    RATE_LIMIT_ADDRESS_PER_MINUTE: NO_LIMIT,
    RATE_LIMIT_USER_PER_MINUTE: NO_LIMIT,
  });
  const during = async (what: string, change: () => Promise<unknown>): Promise<void> => {
    const loads = [
      { ...read(account), connections: 4 },
      { ...write(account), connections: 2 },
      { path: '/sign-in', connections: 2 },
    ].map((load) => beginLoad({ ...load, origin: services.origin }));
    const changed = await change().then(
      () => undefined,
      (error: Error) => error,
    );
    const reports = await Promise.all(loads.map((load) => load.end()));
    const [answered, failed] = [sum(reports, (one) => one.answered), sum(reports, (one) => one.failed)];
    console.log(`${what}: ${count(answered)} requests, ${count(failed)} failed`);
    if (changed) throw changed;
    if (answered === 0) problems.push(`${what}: nothing was asked meanwhile`);
    if (failed > 0) {
      problems.push(
        `${what}: ${count(failed)} failed: ${reports
          .map(({ failures }) => failures)
          .filter(Boolean)
          .join('; ')}`,
      );
    }
  };
  await during('rolling restart of the gateway', () => services.restart('gateway'));
  await during('rolling restart of the frontend', () => services.restart('frontend'));
  for (const secret of ROTATIONS) {
    // Twice: the login before the one that is used now is given up with the second.
    await during(`two rotations of ${secret.toLowerCase()}`, async () => {
      for (let turn = 0; turn < 2; turn++) await platform.rotate(`Rotations/${secret}/`);
    });
  }
  return problems;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
