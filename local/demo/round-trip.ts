import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import {
  compareFingerprints,
  fingerprintDatabase,
  type DatabaseFingerprint,
} from '../../core/backup/fingerprint';
import type { CataloguedDump } from '../../core/backup/catalogue';
import { readFingerprint } from '../../core/backup/dump/companions';
import { carryDatabaseProperties } from '../../core/backup/restore/database-properties';
import { restoreDump } from '../../core/backup/restore/restore-dump';
import type { PostgresEndpoint } from '../../core/postgres/endpoint';
import type { LocalPlatform } from '../platform';
import { Unexpected, type Outcome, type Progress } from './steps';
import { age, bytes, count, counted, duration } from '../../core/shared/units';
import { catalogueOf, requireSuccess, vaultOf, watchingUpload } from './vault';

/** Fires the rule that takes snapshots, as EventBridge would. */
export async function takeSnapshot(platform: LocalPlatform, at: Date): Promise<Outcome<string>> {
  requireSuccess('the snapshot function', await platform.fire('SnapshotJob', { at }));
  const { DBSnapshots = [] } = await platform.clients.rds.send(
    new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }),
  );
  const [newest] = DBSnapshots.map(({ DBSnapshotIdentifier = '', Status = '' }) => ({
    id: DBSnapshotIdentifier,
    status: Status,
  }));
  if (newest?.status !== 'available') throw new Unexpected('RDS has no snapshot that is available');
  return { result: `${newest.id} is ${newest.status}`, value: newest.id };
}

/** Fires the rule that takes dumps, and finds the backup in the vault. */
export async function takeDump(
  platform: LocalPlatform,
  at: Date,
  progress: Progress,
): Promise<Outcome<CataloguedDump>> {
  const invocations = await watchingUpload(platform, 'pg_dump streams into the vault', progress, () =>
    platform.fire('DumpJob', { at }),
  );
  const { result } = requireSuccess('the dump function', invocations);
  const { backupId } = result as { backupId: string };
  const { dumps, rejected } = await catalogueOf(platform);
  const dump = dumps.find((candidate) => candidate.backupId === backupId);
  if (!dump) {
    throw new Unexpected(
      `the function says that it made ${backupId}, and the vault does not list it`,
      rejected.map(({ key, message }) => `${key}: ${message}`),
    );
  }
  const { source, archive } = dump.manifest;
  return {
    result: `${bytes(source.sizeBytes)} packed into ${bytes(archive.bytes)}, confirmed by S3's checksum`,
    details: [
      `pg_dump ${archive.clientVersion}, ${archive.compression}, ${counted(archive.parts, 'part')}, SHA-256 ${archive.sha256.slice(0, 16)}…`,
    ],
    bytes: archive.bytes,
    value: dump,
  };
}

/** Lists what the vault holds, from the bucket alone, and the snapshots beside it. */
export async function listVault(platform: LocalPlatform, now: Date): Promise<Outcome> {
  const { dumps, rejected } = await catalogueOf(platform);
  const { DBSnapshots = [] } = await platform.clients.rds.send(new DescribeDBSnapshotsCommand({}));
  const when = (at: Date | undefined) => (at ? age(now.getTime() - at.getTime()) : 'unknown age');
  return {
    result: `${counted(dumps.length, 'dump')}, ${counted(DBSnapshots.length, 'snapshot')}, ${count(rejected.length)} rejected`,
    details: [
      ...dumps.map(
        ({ backupId, manifest, storedAt }) =>
          `dump      ${backupId}  ${bytes(manifest.archive.bytes)}  ${when(storedAt)}`,
      ),
      ...DBSnapshots.map(
        ({ DBSnapshotIdentifier, SnapshotType, SnapshotCreateTime }) =>
          `snapshot  ${DBSnapshotIdentifier}  ${SnapshotType}  ${when(SnapshotCreateTime)}`,
      ),
      ...rejected.map(({ key, message }) => `rejected  ${key}: ${message}`),
    ],
    value: undefined,
  };
}

/** Restores a dump into a new, empty database beside the live one, as the master user. */
export async function restoreBeside(
  platform: LocalPlatform,
  dump: CataloguedDump,
  name: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Outcome<PostgresEndpoint>> {
  const target = await platform.database.createDatabase(name);
  const { master } = platform.database;
  // No archive holds a database's own grants; a swap carries them over likewise.
  await platform.database.query(master, (maintenance) =>
    carryDatabaseProperties(maintenance, { from: master.database, to: name }),
  );
  const done = await restoreDump({
    s3: platform.clients.s3,
    bucket: vaultOf(platform).bucket,
    manifest: dump.manifest,
    target,
    path: platform.database.binFolder,
    signal,
    onProgress: (now) =>
      now.stage === 'download'
        ? progress('fetching the archive', { done: now.doneBytes, total: now.totalBytes, unit: 'bytes' })
        : progress('pg_restore', { done: now.doneEntries, total: now.totalEntries, unit: 'entries' }),
  });
  return {
    result: `${counted(done.entries, 'object')} restored into "${name}" by a user who is no superuser`,
    details: [
      `fetched and hashed in ${duration(done.downloadMs)}, restored in ${duration(done.restoreMs)}`,
      ...summarised(done.leftOut.map(({ reason }) => reason)),
    ],
    bytes: dump.manifest.source.sizeBytes,
    value: target,
  };
}

/**
 * Compares the live and the restored database with the fingerprint that was taken with the dump. Any difference at
 * all fails the step.
 */
export async function compareDatabases(
  platform: LocalPlatform,
  dump: CataloguedDump,
  restored: PostgresEndpoint,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Outcome<DatabaseFingerprint>> {
  const vault = { s3: platform.clients.s3, bucket: vaultOf(platform).bucket };
  const expected = await readFingerprint(vault, dump.manifest, signal);
  if (!expected) throw new Unexpected('the dump was taken without a fingerprint');
  const hash = async (endpoint: PostgresEndpoint, doing: string) =>
    await fingerprintDatabase({
      endpoint,
      ...(signal && { signal }),
      onProgress: ({ doneBytes, totalBytes }) =>
        progress(doing, { done: doneBytes, total: totalBytes, unit: 'bytes' }),
    });
  const live = await hash(platform.database.master, 'hashing the live database');
  const actual = await hash(restored, 'hashing the restored one');
  for (const [which, found] of [
    ['live', live],
    ['restored', actual],
  ] as const) {
    const differences = compareFingerprints(expected, found);
    if (differences.length === 0) continue;
    throw new Unexpected(
      `the ${which} database differs from what was dumped in ${counted(differences.length, 'thing')}`,
      differences.map(({ message }) => message),
    );
  }
  const objects = Object.values(expected.schema).reduce((sum, { count: number }) => sum + number, 0);
  const held = await tablesWithRows(platform, expected);
  return {
    result: 'the same: every table by rows and content, every sequence, large object and definition',
    details: [
      `${counted(held.tables, 'table')}, ${counted(expected.sequences.length, 'sequence')}, ${counted(expected.largeObjects.count, 'large object')}, ${counted(objects, 'definition')}`,
    ],
    rows: held.rows,
    bytes: live.databaseSizeBytes + actual.databaseSizeBytes,
    value: expected,
  };
}

/** Changes one letter of one row in the restored database; whoever compares it must notice just that. */
export async function changeOneLetter(
  platform: LocalPlatform,
  restored: PostgresEndpoint,
  expected: DatabaseFingerprint,
): Promise<Outcome> {
  await platform.database.query(restored, (client) =>
    client.query(
      `UPDATE accounts.people SET nickname = overlay(nickname PLACING 'x' FROM 2 FOR 1)
       WHERE person_id = (SELECT min(person_id) FROM accounts.people WHERE length(nickname) > 2)`,
    ),
  );
  const differences = compareFingerprints(expected, await fingerprintDatabase({ endpoint: restored }));
  const [only] = differences;
  if (only?.kind !== 'content' || differences.length !== 1 || !only.object.includes('people')) {
    throw new Unexpected(
      `one letter was changed, and the comparison found ${counted(differences.length, 'difference')}`,
      differences.map(({ message }) => message),
    );
  }
  return {
    result: `noticed: the content of ${only.object} differs, and nothing else`,
    details: [`expected ${only.expected}, found ${only.found}`],
    value: undefined,
  };
}

/** Without partitioned tables, which only show the rows of their partitions. */
async function tablesWithRows(
  platform: LocalPlatform,
  { tables }: DatabaseFingerprint,
): Promise<{ tables: number; rows: number }> {
  const { rows } = await platform.database.query(platform.database.master, (client) =>
    client.query<{ schema: string; name: string }>(
      `SELECT nspname AS schema, relname AS name
       FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace WHERE relkind = 'p'`,
    ),
  );
  const holding = tables.filter(
    (table) => !rows.some(({ schema, name }) => schema === table.schema && name === table.name),
  );
  return { tables: holding.length, rows: holding.reduce((sum, table) => sum + (table.rows ?? 0), 0) };
}

/** One line for each reason, with how often it came up. */
function summarised(reasons: readonly string[]): string[] {
  return [...new Set(reasons)].map((reason) => {
    const times = reasons.filter((other) => other === reason).length;
    return `${times} left out, because ${reason}`;
  });
}
