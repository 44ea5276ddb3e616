import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../lib/shared/bundle';
import { invokeFunction } from '../local/lambda/local-function';

/**
 * What Sentry adds to a cold start: from the start of a fresh process, through loading the very bundle that
 * would be deployed, to its first call of RDS. With and without a DSN, taking turns, so that a busy moment hits
 * both. Prints the medians and the difference, and exits with 1 above 150 ms. For information: how long the
 * first error report takes, which is when the SDK is loaded.
 *
 *     npm run bench:cold-start [-- repetitions]
 */
const LIMIT_MS = 150;
const repetitions = Number(process.argv[2] ?? 15);

interface Run {
  readonly coldStartMs: number;
  /** From RDS's answer, a failure, to the report's arrival; only with Sentry. */
  readonly reportMs: number | undefined;
}

/** RDS, Secrets Manager and Sentry in one: it knows when each was called for the first time. */
let calls: Partial<Record<'rds' | 'secret' | 'sentry', number>> = {};
const stub = createServer((request, response) => {
  request.resume().on('end', () => {
    const service = serviceOf(request);
    calls[service] ??= performance.now();
    if (service === 'rds') {
      // The shortest way to a failure, which is what gets reported.
      response
        .writeHead(404, { 'content-type': 'text/xml' })
        .end(
          '<ErrorResponse><Error><Code>DBInstanceNotFound</Code><Message>gone</Message></Error></ErrorResponse>',
        );
    } else if (service === 'secret') {
      response
        .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ SecretString: `http://0123456789abcdef@127.0.0.1:${port()}/42` }));
    } else {
      response.writeHead(200).end('{}');
    }
  });
});
const port = () => (stub.address() as AddressInfo).port;

function serviceOf(request: IncomingMessage): 'rds' | 'secret' | 'sentry' {
  if (request.url?.startsWith('/api/42/')) return 'sentry';
  return request.headers['x-amz-target'] === undefined ? 'rds' : 'secret';
}

async function coldStart(folder: string, withSentry: boolean): Promise<Run> {
  calls = {};
  const startedAt = performance.now();
  const { finished } = invokeFunction(
    {
      arn: 'arn:aws:lambda:eu-west-1:111122223333:function:snapshot',
      name: 'snapshot',
      path: 'bench/Snapshot',
      codeFolder: folder,
      handler: 'index.handler',
      timeoutSeconds: 60,
      memoryMiB: 256,
      environment: {
        GOLIVE_ENVIRONMENT: 'bench',
        POWERTOOLS_SERVICE_NAME: 'backup-snapshot',
        POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
        POWERTOOLS_LOG_LEVEL: 'ERROR',
        DATABASE_INSTANCE_IDENTIFIER: 'bench-db',
        DATABASE_RESOURCE_ID: 'db-BENCH',
        SNAPSHOT_RETENTION_DAYS: '30',
        SNAPSHOT_KEEP_NEWEST: '3',
        VAULT_BUCKET: 'bench-vault',
        ...(withSentry && {
          SENTRY_DSN_SECRET_NAME: 'golive/bench/sentry-dsn',
        }),
      },
    },
    { time: '2026-05-01T03:00:00Z' },
    {
      region: 'eu-west-1',
      credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
      awsEndpoint: `http://127.0.0.1:${port()}`,
      programFolders: [],
      databaseCaFile: undefined,
      temporaryFolder: folder,
    },
  );
  const { error, logs } = await finished;
  if (error?.code !== 'InstanceNotFoundError' || calls.rds === undefined) {
    throw new Error(
      `the function did not behave as the benchmark expects:\n${error?.stack}\n${logs.join('\n')}`,
    );
  }
  if (withSentry !== (calls.sentry !== undefined)) {
    throw new Error(`Sentry was ${withSentry ? 'not ' : ''}called:\n${logs.join('\n')}`);
  }
  return {
    coldStartMs: calls.rds - startedAt,
    reportMs: calls.sentry === undefined ? undefined : calls.sentry - calls.rds,
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? NaN) + (sorted[sorted.length - 1 - middle] ?? NaN)) / 2;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'golive-bench-cold-start-'));
  try {
    const { code } = bundleFunction({ capability: 'backup', name: 'snapshot' });
    writeFileSync(join(folder, 'index.js'), code);
    await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve));

    const off: Run[] = [];
    const on: Run[] = [];
    await coldStart(folder, true); // warms the disk's cache
    for (let turn = 0; turn < repetitions; turn++) {
      off.push(await coldStart(folder, false));
      on.push(await coldStart(folder, true));
    }
    const coldStartOf = (runs: Run[]) => median(runs.map((run) => run.coldStartMs));
    const added = coldStartOf(on) - coldStartOf(off);
    const report = median(on.map((run) => run.reportMs ?? NaN));
    console.log(
      `bundle ${(code.byteLength / 1e6).toFixed(2)} MB, median of ${repetitions} fresh processes each`,
    );
    console.log(`cold start to the first AWS call: ${coldStartOf(off).toFixed(0)} ms without Sentry`);
    console.log(`                                  ${coldStartOf(on).toFixed(0)} ms with Sentry`);
    console.log(`added by Sentry: ${added.toFixed(0)} ms, allowed ${LIMIT_MS} ms`);
    console.log(
      `the first error report, SDK loaded and sent: ${report.toFixed(0)} ms, on the failure path only`,
    );
    if (!(added < LIMIT_MS)) process.exitCode = 1;
  } finally {
    stub.closeAllConnections();
    stub.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
