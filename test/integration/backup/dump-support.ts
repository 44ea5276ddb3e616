import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, type S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { Client } from 'pg';
import { dumpS3Client } from '../../../core/backup/dump/s3-client';
import { takeDump, type DumpRequest } from '../../../core/backup/dump/take-dump';
import { fillSampleDatabase } from '../../../local/demo/sample-database';
import { destroyClients, startEmulator } from '../../../local/emulator';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { Supervisor } from '../../../local/supervisor';
import { until } from '../../support/processes';

export const BUCKET = 'vault';
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

export function s3At(endpoint: string, overrides: S3ClientConfig = {}): S3Client {
  return dumpS3Client({
    endpoint,
    forcePathStyle: true,
    region: 'eu-west-1',
    credentials: CREDENTIALS,
    ...overrides,
  });
}

/** Every kind of thing that the sample database has, and a tenth of the rows: the demo's own test takes all of them. */
export async function fillSample(postgres: LocalPostgres): Promise<void> {
  await fillSampleDatabase(postgres, postgres.master, { step: 10 });
}

/** A PostgreSQL and an emulator with an empty vault. */
export async function startDatabaseAndVault() {
  const supervisor = Supervisor.start();
  const [postgres, emulator] = await Promise.all([
    startPostgres({ supervisor }),
    startEmulator(supervisor, 'eu-west-1'),
  ]);
  const s3 = s3At(emulator.aws.endpoint);
  await s3.send(
    new CreateBucketCommand({
      Bucket: BUCKET,
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    }),
  );
  const stop = async () => {
    s3.destroy();
    destroyClients(emulator.clients);
    await supervisor.stop();
  };
  return { postgres, s3, stop };
}

/**
 * Dumps, does something when the first part is in the vault, and returns how the dump failed.
 *
 * @param run takes the dump with these changes
 */
export async function failureAfterFirstPart(
  run: (changes: Partial<DumpRequest>) => Promise<unknown>,
  strike: () => unknown,
): Promise<unknown> {
  let struck: unknown;
  const failure: unknown = await run({
    onProgress: () => {
      struck ??= strike() ?? true;
    },
  }).then(
    () => 'the dump succeeded',
    (error: unknown) => error,
  );
  await struck;
  return failure;
}

/** A log that keeps every line, so that a test can look for what must not be in it. */
export function keepLog() {
  const lines: string[] = [];
  const keep = (message: string, fields: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, info: keep, warn: keep };
}

let scheduled = Date.parse('2026-11-23T02:00:00Z');

/** Dumps the master's database; every call is another backup unless `scheduledFor` says which. */
export function dump(postgres: LocalPostgres, s3: S3Client, changes: Partial<DumpRequest> = {}) {
  scheduled += 1_000;
  return takeDump({
    s3,
    bucket: BUCKET,
    endpoint: postgres.master,
    source: { instanceIdentifier: 'shop', dbiResourceId: 'db-ABC' },
    environment: 'test',
    scheduledFor: new Date(scheduled),
    path: postgres.binFolder,
    log: keepLog(),
    ...changes,
  });
}

/**
 * A folder for the PATH whose pg_dump notes its process id and then becomes the real one, so that a test can
 * find the child.
 *
 * @param first what its shell does before
 */
export function observedPgDump(binFolder: string, first = ':') {
  const folder = mkdtempSync(join(tmpdir(), 'golive-test-bin-'));
  const pidFile = join(folder, 'pid');
  const script = `#!/bin/sh\n${first}\necho $$ > '${pidFile}'\nexec '${binFolder}/pg_dump' "$@"\n`;
  writeFileSync(join(folder, 'pg_dump'), script);
  chmodSync(join(folder, 'pg_dump'), 0o755);
  symlinkSync(join(binFolder, 'pg_dumpall'), join(folder, 'pg_dumpall'));
  return {
    path: folder,
    /** Of the last one that was started. */
    pid: () => Number(readFileSync(pidFile, 'utf8')),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** How many sessions of dumps the server has. */
export async function dumpBackends(postgres: LocalPostgres): Promise<number> {
  return postgres.query(postgres.superuser, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'golive-dump%'`,
    );
    return rows[0]!.count;
  });
}

/**
 * Waits until pg_dump waits for a lock; the fingerprint beside it may wait for the same table, and first. Within a
 * transaction pg_stat_activity stands still unless it is told not to.
 */
export async function untilDumpWaitsForLock(client: Client): Promise<void> {
  await until(async () => {
    await client.query('SELECT pg_stat_clear_snapshot()');
    const { rowCount } = await client.query(
      `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND application_name LIKE 'golive-dump%'`,
    );
    return rowCount !== 0;
  });
}
