import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { count, duration } from '../core/shared/units';
import { startLoadedService } from './support/loaded-service';
import { KINDS, startRotationLab } from './support/rotation-lab';
import { runLoad, type LoadReport } from './support/rotation-load';
import { percentile, problemsOf } from './support/rotation-verdict';

/**
 * Rotation under load: two tasks of a service, each with its own run-time client, keep their pools and key rings busy
 * while every kind of secret rotates ten times: alternating users, a single user by the master, a ring of signing keys,
 * a ring of data keys. A real PostgreSQL over TLS, the emulator's Secrets Manager, and the very code of the rotation
 * functions, driven in this process as the service would. Before it the same load runs without rotations: the baseline.
 *
 *     npm run bench:rotation -- [--queries 100000] [--seconds 240] [--rotations 10]
 *
 * Ends with 1 when a query failed, a token was rejected, a value could not be decrypted, a row was written twice or not
 * at all, a rotation failed, or there were too few of anything. Latencies are reported and not judged: client, server,
 * emulator and the rotations themselves share this machine's processors, which they would not in AWS.
 */
const CACHE_SECONDS = 2;
const INTERVAL_SECONDS = 5;
/** As in production, only shorter: published for as long as anybody may hold an older ring, and then some. */
const POLICY = { publishSeconds: 4, cacheSeconds: 3, maxTokenSeconds: 10, backupSeconds: 60 };
/** A turn of a ring comes too early when the one before it began late; its next key then waits for the turn after. */
const REPLACEMENTS_OF_ROTATIONS = 0.7;
/** No colours: the output is pasted into records. */
const PLAIN = { head: [], border: [] };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      queries: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '240' },
      rotations: { type: 'string', default: '10' },
    },
  });
  const [queries, seconds, rotations] = [values.queries, values.seconds, values.rotations].map(Number) as [
    number,
    number,
    number,
  ];
  const lab = await startRotationLab(POLICY);
  const services = [startLoadedService(lab, CACHE_SECONDS), startLoadedService(lab, CACHE_SECONDS)];
  try {
    console.log(
      `PostgreSQL ${lab.postgres.version} over TLS, ${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`,
    );
    const load = { lab, services, intervalSeconds: INTERVAL_SECONDS };
    // So that neither run pays for first connections.
    await runLoad({ ...load, rotations: 0, queries: 500, seconds: 10 });
    const idle = await runLoad({
      ...load,
      rotations: 0,
      queries,
      seconds: seconds / 4,
    });
    const rotating = await runLoad({ ...load, rotations, queries, seconds: (seconds * 3) / 4 });
    console.log(tableOf(idle, rotating));
    const takeovers = services.map(({ takeovers: { all, afterRefusal } }) => `${all} (${afterRefusal})`);
    console.log(
      `connections of another version took over ${takeovers.join(' and ')} times in the two tasks (after a refused login)`,
    );
    const problems = [
      ...problemsOf(idle, { queries: 1, rotations: 0, replacements: 0 }).map((one) => `baseline: ${one}`),
      ...problemsOf(rotating, {
        queries,
        rotations,
        replacements: Math.ceil(rotations * REPLACEMENTS_OF_ROTATIONS),
      }),
    ];
    for (const problem of problems) console.log(`FAILED: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else {
      console.log(
        `passed: 0 failed of ${count(rotating.queries.done)} queries, 0 rejected of ${count(rotating.verified.done)} verifications, ` +
          `0 undecryptable of ${count(rotating.decrypted.done)} decryptions, in ${count(KINDS.length * rotations)} rotations`,
      );
    }
  } finally {
    await Promise.all(services.map((service) => service.stop()));
    await lab.stop();
  }
}

function tableOf(idle: LoadReport, rotating: LoadReport): string {
  const table = new Table({ style: PLAIN, head: ['', 'idle', 'rotating'] });
  const row = (name: string, figure: (report: LoadReport) => string): void => {
    table.push([name, figure(idle), figure(rotating)]);
  };
  const outcome = ({ done, failed }: { done: number; failed: number }): string =>
    `${count(done)}, ${count(failed)} failed`;
  row('queries', ({ queries }) => outcome(queries));
  row('queries a second', ({ queries, seconds }) => count(Math.round(queries.done / seconds)));
  for (const [name, part] of [
    ['p50', 0.5],
    ['p99', 0.99],
    ['p99.9', 0.999],
    ['longest', 1],
  ] as const) {
    row(`${name} of queries`, ({ queries }) => `${percentile(queries.latenciesMs, part).toFixed(1)} ms`);
  }
  row('rows written, found', ({ rows }) => `${count(rows.written)}, ${count(rows.found)}`);
  row('tokens signed', ({ signed }) => outcome(signed));
  row('tokens verified', ({ verified }) => outcome(verified));
  row('values encrypted', ({ encrypted }) => outcome(encrypted));
  row('values decrypted', ({ decrypted }) => outcome(decrypted));
  for (const kind of KINDS) {
    row(
      `rotations of ${kind}`,
      ({ rotated }) => `${outcome(rotated[kind])}, ${rotated[kind].replaced} replaced`,
    );
  }
  row('took', ({ seconds }) => duration(seconds * 1000));
  return table.toString();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
