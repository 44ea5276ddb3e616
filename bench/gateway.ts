import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import * as z from 'zod';
import { count } from '../core/shared/units';
import { startPlatform, type LocalPlatform, type LocalServices } from '../local/platform';
import type { TaskBeside } from '../local/services/run-services';
import { seedServices } from '../local/services/seed';
import { beginLoad, sendLoad, type HttpLoad, type HttpLoadReport } from './support/http-load';

/**
 * The gateway under load, with the settings of production, on a real PostgreSQL and a real Redis over TLS:
 *
 * - what tracing costs: two tasks of the same build, one with tracing and one without, take the same load in turns, and
 *   each turn gives one ratio of requests per second; the median counts. The one that traces samples as production does.
 * - what a rolling restart and a rotation of every secret cost those who come through the load balancer: nothing.
 *
 *     npm run bench:gateway -- [--seconds 2] [--turns 31]
 *
 * Many short turns and not a few long ones: the machine does not stay the same, and their median forgives it more. It runs
 * on the Node of the images, which npm brings: on Node 20 a context follows a request by hooks on every promise, and costs
 * more (decision 1101).
 *
 * Ends with 1 when tracing costs more than 5 % of a read's or of a write's throughput, or when a request failed. Rates and
 * latencies are this machine's: client, gateway, PostgreSQL and Redis share its processors.
 */
const MOST_TRACING_COSTS = 0.05;
const SAMPLE_RATIO = '0.05';
const CONNECTIONS = 16;
const WARM_UP_SECONDS = 8;
const START_SECONDS = 60;
const ROTATIONS = ['App', 'Backup', 'Cache', 'Jwt', 'Data', 'Master'] as const;
const NO_LIMIT = '1000000000';
const PLAIN = { head: [], border: [] };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '2' }, turns: { type: 'string', default: '31' } },
  });
  const [seconds, turns] = [Number(values.seconds), Number(values.turns)];
  const platform = await startPlatform({ services: true, onProgress: (line) => console.error(line) });
  try {
    console.log(
      `PostgreSQL ${platform.database.version} and Redis over TLS, ${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`,
    );
    const services = await platform.deployServices();
    const account = await signIn(services);
    const problems = [
      ...(await tracingCosts(services, account, seconds, turns)),
      ...(await changesUnderLoad(platform, services, account)),
    ];
    for (const problem of problems) console.log(`FAILED: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else console.log('passed');
  } finally {
    await platform.stop();
  }
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

async function tracingCosts(
  services: LocalServices,
  account: Account,
  seconds: number,
  turns: number,
): Promise<string[]> {
  const told = {
    RATE_LIMIT_ADDRESS_PER_MINUTE: NO_LIMIT,
    RATE_LIMIT_USER_PER_MINUTE: NO_LIMIT,
    LOG_LEVEL: 'INFO',
  };
  const [off, on] = await Promise.all([
    services.startBeside('gateway', { ...told, OTEL_ENABLED: 'false' }),
    services.startBeside('gateway', { ...told, OTEL_ENABLED: 'true', OTEL_SAMPLE_RATIO: SAMPLE_RATIO }),
  ]);
  await Promise.all([untilReady(off), untilReady(on)]);
  const problems: string[] = [];
  const table = new Table({
    style: PLAIN,
    head: ['', 'requests/s off', 'on', 'p99 off', 'on', 'ratios, middle half', 'median'],
  });
  for (const [name, load] of [
    ['read', read(account)],
    ['write', write(account)],
  ] as const) {
    const rows: { off: HttpLoadReport; on: HttpLoadReport }[] = [];
    const send = (task: typeof off, duration: number) =>
      sendLoad({
        ...load,
        origin: `http://127.0.0.1:${task.ports.get(8080)}`,
        seconds: duration,
      } satisfies HttpLoad);
    for (const task of [off, on]) await send(task, WARM_UP_SECONDS);
    for (let turn = 0; turn < turns; turn++) {
      // Who comes first changes from turn to turn: the machine does not stay the same.
      if (turn % 2 === 0) rows.push({ off: await send(off, seconds), on: await send(on, seconds) });
      else rows.push({ on: await send(on, seconds), off: await send(off, seconds) });
    }
    const ratios = rows.map((row) => row.on.requestsPerSecond / row.off.requestsPerSecond);
    const ratio = median(ratios);
    const figure = (of: (row: (typeof rows)[number]) => number) => count(Math.round(median(rows.map(of))));
    const latency = (of: (row: (typeof rows)[number]) => number) => `${median(rows.map(of)).toFixed(1)} ms`;
    table.push([
      name,
      figure((row) => row.off.requestsPerSecond),
      figure((row) => row.on.requestsPerSecond),
      latency((row) => row.off.p99),
      latency((row) => row.on.p99),
      `${quantile(ratios, 0.25).toFixed(3)} to ${quantile(ratios, 0.75).toFixed(3)}`,
      ratio.toFixed(3),
    ]);
    if (ratio < 1 - MOST_TRACING_COSTS) {
      problems.push(`tracing costs ${((1 - ratio) * 100).toFixed(1)} % of a ${name}'s throughput, limit 5 %`);
    }
    for (const { off: without, on: with_ } of rows) {
      for (const { failed, failures } of [without, with_]) {
        if (failed > 0) problems.push(`${count(failed)} of the ${name}s failed: ${failures}`);
      }
    }
  }
  console.log(table.toString());
  await Promise.all([off.stop(), on.stop()]);
  return problems;
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

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value that this share of them is below, between two of them where none is. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
