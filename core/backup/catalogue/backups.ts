import type { RDSClient } from '@aws-sdk/client-rds';
import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { saidBy } from '../../shared/errors';
import { inParallel } from '../../shared/in-parallel';
import { mayPass } from '../../shared/s3-failure';
import { dumpsPrefix, type BackupId } from '../vault-layout';
import { checkDump, type Candidate, type CataloguedDump } from './check-dump';
import { BackupNotFoundError, CatalogueUnavailableError } from './errors';
import { listDumps } from './list-dumps';
import { listRecoveryWindows, type PointInTimeBackup } from './recovery-window';
import type { RejectedDump } from './rejection';
import { listSnapshots, RdsUnreadableError, type InstanceChoice, type SnapshotBackup } from './snapshots';
import { rejection, Slots, type Slot } from './slots';
import { vaultPages, type VaultObject } from './vault-object';

/** `unknown`: nobody looked, or the record could not be read. */
export type Verified = 'none' | 'unknown' | Verification;

/** How far a proof went. */
export interface Verification {
  /** The highest rung that it passed. */
  readonly height: string;
  /** Whether that is high enough for the backup to count as verified. */
  readonly isVerified: boolean;
  readonly at: Date;
}

interface DumpFacts {
  readonly kind: 'dump';
  /** Unique to its database. */
  readonly id: BackupId;
  readonly database: string;
  readonly manifestKey: string;
  /** When the backup began to exist: S3's LastModified of the manifest. */
  readonly createdAt: Date;
  /** The archive's. */
  readonly sizeBytes: number;
  readonly status: 'finished';
  readonly managed: true;
  readonly verified: Verified;
}

/** A dump whose manifest and archive were looked at: only such a one is restored or verified. */
export interface CheckedDumpBackup extends DumpFacts {
  readonly checked: true;
  readonly dump: CataloguedDump;
  readonly dbiResourceId: string;
  readonly instanceIdentifier: string;
}

/**
 * A dump as the listing shows it: a manifest, and an archive beside it that is not empty. What the manifest says,
 * such as of which instance it is, nobody has read. {@link checkedDump} does.
 */
export interface ListedDumpBackup extends DumpFacts {
  readonly checked: false;
  readonly candidate: Candidate;
  readonly dbiResourceId: undefined;
  readonly instanceIdentifier: undefined;
}

export type DumpBackup = CheckedDumpBackup | ListedDumpBackup;

/** One way back. */
export type Backup = DumpBackup | SnapshotBackup | PointInTimeBackup;

export type BackupSource = 'dumps' | 'snapshots' | 'point-in-time' | 'verifications';

export interface BackupCatalogue {
  /** Newest first by the services' clocks; one that is so new that it has no time comes before all. */
  readonly backups: readonly Backup[];
  /** What lies among the dumps and is none, in the order of the keys. */
  readonly rejected: readonly RejectedDump[];
  /** What could not be read, so that its entries are missing or incomplete: there may be more ways back. */
  readonly unreadable: readonly { readonly source: BackupSource; readonly reason: string }[];
}

/** What a record of verification is looked up by. */
export type DumpReference = Pick<CataloguedDump, 'database' | 'backupId' | 'manifestKey' | 'storedAt'>;

/** Of the instances that are chosen, snapshots and windows are listed; a vault's dumps are listed whoever they are of. */
export interface ListBackupsOptions extends InstanceChoice {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  readonly rds: RDSClient;
  /** @default every database's dumps */
  readonly database?: string;
  /**
   * `listed` takes a dump from the listing of the bucket, for people who look; `checked` reads every manifest and
   * asks for every archive, two requests each.
   * @default 'listed'
   */
  readonly depth?: 'listed' | 'checked';
  /**
   * Looks up how far a dump was proven; undefined when it never was.
   * @default nothing is looked up, and every dump's `verified` is `unknown`
   */
  readonly verificationOf?: (
    dump: DumpReference,
  ) => Promise<{ height: string | null; isVerified: boolean; at: Date } | undefined>;
  /**
   * Of how many dumps it is looked up, from the newest on. When no verified one is among them, the search goes on
   * to the newest that is.
   * @default 100 for `listed`, all for `checked`
   */
  readonly verificationLimit?: number;
  /**
   * How many dumps are checked, and looked up, at the same time. Not more than the client's sockets, of which it has 50.
   * @default 32
   */
  readonly concurrency?: number;
}

/** S3 takes thousands of listings a second; more than this at a time gains nothing on one core that parses them. */
const LISTINGS_AT_A_TIME = 16;

/**
 * Lists every way back, from the bucket and RDS alone: dumps, snapshots, and the windows for a restore to a point
 * in time. A source that cannot be read does not hide the others; it is named in `unreadable`.
 *
 * @throws CatalogueUnavailableError when not one of them can be read
 */
export async function listBackups(options: ListBackupsOptions): Promise<BackupCatalogue> {
  const { s3, bucket, rds } = options;
  const [vault, snapshots, recovery] = await Promise.all([
    orFailure(
      options.depth === 'checked' ? checkedDumps(options) : listedDumps(s3, bucket, options.database),
    ),
    orFailure(listSnapshots(rds, options)),
    orFailure(listRecoveryWindows(rds, options)),
  ]);
  const unreadable: { source: BackupSource; reason: string }[] = [];
  const orMissing = <T>(source: BackupSource, found: T | Unreadable, missing: T): T => {
    if (!(found instanceof Unreadable)) return found;
    unreadable.push({ source, reason: found.error.message });
    return missing;
  };
  if (vault instanceof Unreadable && snapshots instanceof Unreadable && recovery instanceof Unreadable) {
    throw nothingReadable(bucket, vault.error, snapshots.error);
  }
  const { dumps, rejected } = orMissing('dumps', vault, { dumps: [], rejected: [] });
  const ofInstances = orMissing('snapshots', snapshots, []);
  const { windows, shortfall } = orMissing('point-in-time', recovery, { windows: [], shortfall: undefined });
  if (shortfall) unreadable.push({ source: 'point-in-time', reason: shortfall.message });

  const { proven, failure } = await withVerifications(dumps.sort(newestFirst), options);
  if (failure !== undefined) unreadable.push({ source: 'verifications', reason: failure });
  return { backups: [...proven, ...ofInstances, ...windows].sort(newestFirst), rejected, unreadable };
}

/**
 * Reads a dump's manifest and looks at its archive, so that it can be restored or verified.
 *
 * @throws BackupNotFoundError when it turns out to be no backup, CatalogueUnavailableError
 */
export async function checkedDump(s3: S3Client, bucket: string, backup: DumpBackup): Promise<CataloguedDump> {
  if (backup.checked) return backup.dump;
  const verdict = await checkDump(s3, bucket, backup.candidate);
  if (!('reason' in verdict)) return verdict;
  throw new BackupNotFoundError(`${backup.manifestKey} is no backup (${verdict.reason}): ${verdict.message}`);
}

/** S3's and RDS's times are whole seconds or finer; ids break the tie, a dump's by the instant it was scheduled for. */
function newestFirst(a: Backup, b: Backup): number {
  const [left, right] = [a, b].map(({ createdAt }) => createdAt?.getTime() ?? Infinity) as [number, number];
  // Both may be infinite, and their difference then is not a number.
  return right - left || descending(a.id, b.id) || descending(databaseOf(a), databaseOf(b));
}

function descending(a: string, b: string): number {
  return a === b ? 0 : a < b ? 1 : -1;
}

function databaseOf(backup: Backup): string {
  return backup.kind === 'dump' ? backup.database : '';
}

class Unreadable {
  constructor(readonly error: CatalogueUnavailableError | RdsUnreadableError) {}
}

async function orFailure<T>(reading: Promise<T>): Promise<T | Unreadable> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CatalogueUnavailableError || error instanceof RdsUnreadableError) {
      return new Unreadable(error);
    }
    throw error;
  }
}

/** Told by the cause of which a retry may help, if one does. */
function nothingReadable(
  bucket: string,
  vault: CatalogueUnavailableError | RdsUnreadableError,
  snapshots: CatalogueUnavailableError | RdsUnreadableError,
): CatalogueUnavailableError {
  const cause = !mayPass(vault.cause) && snapshots.retryable ? snapshots.cause : vault.cause;
  return new CatalogueUnavailableError(
    `neither the vault s3://${bucket} (${saidBy(vault.cause)}) nor RDS (${saidBy(snapshots.cause)}) could be read, so no way back is known`,
    cause,
  );
}

interface Dumps {
  readonly dumps: DumpBackup[];
  readonly rejected: readonly RejectedDump[];
}

async function checkedDumps(options: ListBackupsOptions): Promise<Dumps> {
  const { s3, bucket, database, concurrency } = options;
  const { dumps, rejected } = await listDumps({
    s3,
    bucket,
    ...(database !== undefined && { database }),
    ...(concurrency !== undefined && { concurrency }),
  });
  return {
    dumps: dumps.map((dump) => ({
      kind: 'dump',
      id: dump.backupId,
      database: dump.database,
      manifestKey: dump.manifestKey,
      createdAt: dump.storedAt,
      sizeBytes: dump.manifest.archive.bytes,
      status: 'finished',
      managed: true,
      verified: 'unknown',
      checked: true,
      dump,
      dbiResourceId: dump.manifest.source.dbiResourceId,
      instanceIdentifier: dump.manifest.source.instanceIdentifier,
    })),
    rejected,
  };
}

async function listedDumps(s3: S3Client, bucket: string, database: string | undefined): Promise<Dumps> {
  const slots = new Slots();
  await eachObject(s3, bucket, database, (object) => slots.take(object));

  const dumps: DumpBackup[] = [];
  const rejected: RejectedDump[] = [...slots.foreign];
  for (const slot of slots.values()) {
    const verdict = listedDump(slot);
    if (verdict && 'reason' in verdict) rejected.push(verdict);
    else if (verdict) dumps.push(verdict);
  }
  return { dumps, rejected: rejected.sort((a, b) => descending(b.key, a.key)) };
}

/** Undefined when neither a manifest nor an archive is there: what a removed dump left. */
function listedDump(slot: Slot): ListedDumpBackup | RejectedDump | undefined {
  const { database, backupId, manifest } = slot;
  const archives = [...slot.archives.values()].sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
  if (!manifest) return archives[0] && rejection(archives[0], 'manifest-missing', slot);
  const filled = archives.filter(({ bytes }) => bytes > 0);
  // An attempt that ended after the manifest was written is not the one that it names.
  const archive = filled.find(({ storedAt }) => storedAt <= manifest.storedAt) ?? filled[0];
  if (!archive) return rejection(manifest, 'archive-missing', slot);
  return {
    kind: 'dump',
    id: backupId,
    database,
    manifestKey: manifest.key,
    createdAt: manifest.storedAt,
    sizeBytes: archive.bytes,
    status: 'finished',
    managed: true,
    verified: 'unknown',
    checked: false,
    candidate: { ...slot, manifest },
    dbiResourceId: undefined,
    instanceIdentifier: undefined,
  };
}

/**
 * S3 gives a page of 1,000 objects only after the one before. Months are listed beside each other instead, found
 * by going down `dumps/<database>/<yyyy>/<mm>/` folder by folder.
 */
async function eachObject(
  s3: S3Client,
  bucket: string,
  database: string | undefined,
  take: (object: VaultObject) => void,
): Promise<void> {
  let folders = [dumpsPrefix(database)];
  for (let level = database === undefined ? 0 : 1; level < 3; level++) {
    const below: string[] = [];
    await inParallel(folders, LISTINGS_AT_A_TIME, async (prefix) => {
      const found = await lookInto(s3, bucket, prefix);
      found.objects.forEach(take);
      below.push(...found.folders);
    });
    folders = below;
  }
  await inParallel(folders, LISTINGS_AT_A_TIME, async (prefix) => {
    for await (const page of vaultPages(s3, bucket, prefix)) page.forEach(take);
  });
}

/** The folders of a folder, and what lies in it directly, where nothing of ours does. */
async function lookInto(s3: S3Client, bucket: string, prefix: string) {
  const objects: VaultObject[] = [];
  const folders: string[] = [];
  let after: { ContinuationToken?: string | undefined } = {};
  try {
    for (let more = true; more;) {
      const page: ListObjectsV2CommandOutput = await s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ...after }),
      );
      for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) folders.push(Prefix);
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        objects.push({ key: Key, bytes: Size ?? 0, storedAt: LastModified ?? new Date(0) });
      }
      after = { ContinuationToken: page.NextContinuationToken };
      more = page.IsTruncated === true;
    }
  } catch (error) {
    throw new CatalogueUnavailableError(`the vault s3://${bucket}/${prefix} could not be listed`, error);
  }
  return { objects, folders };
}

/** @param dumps newest first */
async function withVerifications(dumps: readonly DumpBackup[], options: ListBackupsOptions) {
  const { verificationOf, concurrency = 32, depth } = options;
  const proven = [...dumps];
  let failure: string | undefined;
  if (!verificationOf) return { proven, failure };
  const limit = options.verificationLimit ?? (depth === 'checked' ? Infinity : 100);
  let found = false;
  await inParallel(dumps.entries(), concurrency, async ([index, dump]) => {
    // Where one record cannot be read, 10,000 more requests would tell the same.
    if (failure !== undefined || (found && index >= limit)) return;
    try {
      const { database, id: backupId, manifestKey, createdAt: storedAt } = dump;
      const record = await verificationOf({ database, backupId, manifestKey, storedAt });
      if (record?.isVerified) found = true;
      proven[index] = { ...dump, verified: verifiedBy(record) };
    } catch (error) {
      failure ??= `how far dumps were proven could not be read: ${saidBy(error)}; list again, and check that the role may read the vault's records`;
    }
  });
  return { proven, failure };
}

function verifiedBy(
  record: { height: string | null; isVerified: boolean; at: Date } | undefined,
): 'none' | Verification {
  if (!record || record.height === null) return 'none';
  return { height: record.height, isVerified: record.isVerified, at: record.at };
}
