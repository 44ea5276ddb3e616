import { select } from '@inquirer/prompts';
import {
  BackupNotFoundError,
  findBackup,
  listBackups,
  type Backup,
  type SnapshotBackup,
} from '../core/backup/catalogue';
import type { InstanceSource } from '../core/backup/restore/instance';
import { age, bytes } from '../core/shared/units';
import type { Console } from './console';
import type { Environment } from './environment';
import { UsageError } from './errors';

/** What is restored, and a line of it for who confirms. */
export interface ChosenSource {
  readonly source: InstanceSource;
  readonly described: string;
}

const POINT_IN_TIME = 'point-in-time:';

/**
 * What an id and `--point-in-time` mean.
 *
 * @throws UsageError, BackupNotFoundError, AmbiguousBackupError
 */
export async function instanceSource(
  environment: Environment,
  output: Console,
  id: string | undefined,
  { pointInTime }: { readonly pointInTime?: string },
  now: Date,
): Promise<ChosenSource> {
  const { instanceIdentifier } = environment.operations;
  if (pointInTime !== undefined) {
    if (id !== undefined && !id.startsWith(POINT_IN_TIME)) {
      throw new UsageError(
        `"${id}" is a backup of its own, so no point in time goes with it: leave one of them out, or name another instance's history, point-in-time:<resource id>`,
      );
    }
    const source = {
      pointInTime: instantOf(pointInTime),
      ...(id !== undefined && { dbiResourceId: id.slice(POINT_IN_TIME.length) }),
    };
    return { source, described: `${pointInTimeOf(source)} of ${source.dbiResourceId ?? instanceIdentifier}` };
  }
  if (id?.startsWith(POINT_IN_TIME)) throw momentMissing(id);
  if (id === undefined && !output.isInteractive) {
    throw new UsageError(
      'say what to restore: the id of a snapshot, newest, or --point-in-time; golive backup list shows them',
    );
  }
  if (id !== undefined && id !== 'newest') return await named(environment, output, id, now);
  const snapshots = await snapshotsOf(environment, output);
  return chosen(id === undefined ? await pick(snapshots, now) : snapshots[0]!, now);
}

/** `2026-11-23T01:55:00.000Z`, or `the latest moment` */
export function pointInTimeOf({ pointInTime }: Exclude<InstanceSource, { snapshot: string }>): string {
  return pointInTime === 'latest' ? 'the latest moment' : pointInTime.toISOString();
}

/** UTC, to the second, as RDS takes it: what comes after the second that is named is not in it. */
function instantOf(text: string): Date | 'latest' {
  if (text === 'latest') return text;
  const instant = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z$/.test(text) && !Number.isNaN(instant.getTime())) {
    return new Date(Math.floor(instant.getTime() / 1000) * 1000);
  }
  throw new UsageError(
    `--point-in-time takes a UTC instant such as 2026-11-23T01:55:00Z, or latest, and got "${text}"`,
  );
}

async function named(
  environment: Environment,
  output: Console,
  id: string,
  now: Date,
): Promise<ChosenSource> {
  let found: Backup;
  try {
    found = findBackup(await catalogueOf(environment, output), id);
  } catch (error) {
    if (!(error instanceof BackupNotFoundError)) throw error;
    // It may be another instance's; RDS knows it by its whole id.
    return { source: { snapshot: id }, described: `snapshot ${id}` };
  }
  if (found.kind === 'point-in-time') throw momentMissing(found.id);
  if (found.kind === 'dump') {
    throw new UsageError(`${found.id} is a dump, which goes into a database: --to-new-database, or --swap`);
  }
  return chosen(found, now);
}

function momentMissing(id: string): UsageError {
  return new UsageError(`${id} needs a moment: --point-in-time <UTC instant>, or --point-in-time latest`);
}

function chosen(snapshot: SnapshotBackup, now: Date): ChosenSource {
  return { source: { snapshot: snapshot.id }, described: `${snapshot.id} of ${labelOf(snapshot, now)}` };
}

function labelOf({ instanceIdentifier, createdAt, sizeBytes }: SnapshotBackup, now: Date): string {
  return [
    instanceIdentifier ?? 'an unknown instance',
    ...(createdAt ? [age(now.getTime() - createdAt.getTime())] : []),
    ...(sizeBytes === undefined ? [] : [bytes(sizeBytes)]),
  ].join(', ');
}

async function pick(snapshots: readonly SnapshotBackup[], now: Date): Promise<SnapshotBackup> {
  return await select({
    message: 'Which snapshot?',
    choices: snapshots.map((snapshot) => ({
      value: snapshot,
      name: `${snapshot.id}  ${labelOf(snapshot, now)}`,
    })),
  });
}

/** Newest first, and at least one. @throws UsageError */
async function snapshotsOf(environment: Environment, output: Console): Promise<SnapshotBackup[]> {
  const { backups, unreadable } = await catalogueOf(environment, output);
  const snapshots = backups.filter(
    (backup): backup is SnapshotBackup =>
      (backup.kind === 'manual-snapshot' || backup.kind === 'automated-snapshot') &&
      backup.status === 'finished',
  );
  if (snapshots.length > 0) return snapshots;
  const hidden = unreadable.find(({ source }) => source === 'snapshots');
  throw new UsageError(
    hidden?.reason ??
      `there is no finished snapshot of "${environment.operations.instanceIdentifier}"; golive backup list shows other ways back`,
  );
}

async function catalogueOf({ s3, rds, operations }: Environment, output: Console) {
  output.progress('reading the vault and RDS');
  return await listBackups({
    s3,
    rds,
    bucket: operations.vaultBucket,
    instanceIdentifier: operations.instanceIdentifier,
  });
}
