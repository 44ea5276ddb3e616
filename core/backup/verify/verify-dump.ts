import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { compareFingerprints, fingerprintDatabase, type DatabaseFingerprint } from '../fingerprint';
import type { Manifest } from '../manifest';
import { requireDiskSpace } from '../restore/download-archive';
import type { ArchiveRefusedError } from '../restore/errors';
import { inspectPgRestore } from '../restore/pg-restore';
import { proveBytes } from './bytes';
import { judgeContent, judgeStructure, splitDifferences, type SplitDifferences } from './content';
import { Ladder } from './ladder';
import { notRun, reasonIn } from './outcome';
import { proveReadable } from './readable';
import { Verification, type Rung, type RungName } from './record';
import { proveRestores } from './restores';
import { proveSmoke, type SmokeStatement } from './smoke';

/**
 * Makes an empty database from template0, lends it to `use`, and drops it afterwards whatever `use` did. Its
 * encoding and locale are to be those of the database that was dumped, and its server has the roles and extensions
 * that the dump names.
 */
export type WithThrowAwayDatabase = <T>(
  use: (
    endpoint: PostgresEndpoint,
    /**
     * Who makes extensions and schemas in it, where the role that restores may not as it may on RDS.
     * @default - the role that restores
     */
    administrator?: PostgresEndpoint,
  ) => Promise<T>,
) => Promise<T>;

export interface VerifyDumpRequest {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  /** Of the dump to verify. */
  readonly manifest: Manifest;
  /** The PATH on which pg_restore is found. */
  readonly path: string;
  /** @default - none: the ladder ends below `restores` */
  readonly withThrowAwayDatabase?: WithThrowAwayDatabase | undefined;
  /** Done with the database when it is restored, before it is read: such as gathering statistics. */
  readonly afterRestore?: ((target: PostgresEndpoint) => Promise<void>) | undefined;
  /**
   * What the database held when it was dumped, as `readFingerprint` gives it.
   * @default - none: `structure` and `fingerprint` are not run
   */
  readonly fingerprint?: DatabaseFingerprint | undefined;
  /** The team's own questions. @default none */
  readonly smokeSql?: readonly SmokeStatement[] | undefined;
  /** How long one of them may take, milliseconds. @default 60000 */
  readonly smokeTimeoutMs?: number | undefined;
  /** Connections that restore at the same time. @default - as many as this machine has cores, and 2 at least */
  readonly jobs?: number | undefined;
  /** Where the archive lies meanwhile; it needs that much room. @default - the machine's temporary folder */
  readonly temporaryFolder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** @default - the machine's */
  readonly now?: (() => Date) | undefined;
}

export type VerifyProgress =
  | { readonly rung: RungName; readonly state: 'began' }
  | {
      /** `structure` reads the restored database for `fingerprint` too. */
      readonly rung: 'bytes' | 'structure';
      readonly state: 'running';
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  | {
      readonly rung: 'restores';
      readonly state: 'running';
      readonly doneEntries: number;
      readonly totalEntries: number;
    }
  /** Rungs that were not tried end without having begun. */
  | { readonly rung: RungName; readonly state: 'ended'; readonly result: Rung };

/** The start of the temporary folders' names, so that a later run can sweep what a killed one left. */
export const VERIFY_FOLDER_PREFIX = 'golive-verify-';

/** Two connections read at once: the server is small, and thrown away. */
const FINGERPRINT_CONCURRENCY = 2;

/**
 * Proves one dump, rung by rung, as far as it goes: that its bytes are there, that they can be read, that they
 * restore, and that what was restored is what was dumped. A dump that is bad is an answer and no error; so is a
 * rung that something else kept from running, which proves nothing either way.
 *
 * Costs a download, and a restore on the server that is lent. Nothing stays on this machine.
 *
 * @throws the signal's reason, and nothing else
 */
export async function verifyDump(request: VerifyDumpRequest): Promise<Verification> {
  const { manifest, signal, onProgress, now = () => new Date() } = request;
  signal?.throwIfAborted();
  const startedAt = now().toISOString();
  const ladder = new Ladder({
    now,
    signal,
    onBegin: (rung) => onProgress?.({ rung, state: 'began' }),
    onEnd: (result) => onProgress?.({ rung: result.name, state: 'ended', result }),
  });
  const place = new ArchivePlace(request.temporaryFolder ?? tmpdir(), manifest.archive.bytes);
  try {
    const clientVersion = await climb(ladder, request, place);
    return Verification.parse({
      verificationVersion: 1,
      backupId: manifest.backupId,
      database: manifest.source.database,
      archiveKey: manifest.archive.key,
      archiveSha256: manifest.archive.sha256,
      startedAt,
      finishedAt: now().toISOString(),
      clientVersion,
      ...ladder.end(),
    });
  } finally {
    await place.remove();
  }
}

/** @returns pg_restore's version; null when it was not asked or there is none */
async function climb(
  ladder: Ladder,
  request: VerifyDumpRequest,
  place: ArchivePlace,
): Promise<string | null> {
  const { s3, bucket, manifest, path, signal, onProgress } = request;
  const { archive } = manifest;
  let refused: ArchiveRefusedError | undefined;
  await ladder.climb('bytes', () =>
    proveBytes({
      s3,
      bucket,
      archive,
      makeRoom: () => place.make(),
      onRefused: (refusal) => (refused = refusal),
      signal,
      onProgress: (doneBytes) =>
        onProgress?.({ rung: 'bytes', state: 'running', doneBytes, totalBytes: archive.bytes }),
    }),
  );
  let clientVersion: string | null = null;
  await ladder.climb('readable', async () => {
    clientVersion = (await inspectPgRestore({ path, signal })).version;
    return proveReadable({
      path,
      signal,
      file: place.file,
      refused,
      clientVersion,
      written: archive,
    });
  });
  await climbInThrowAwayDatabase(ladder, request, place);
  return clientVersion;
}

/** Whatever the lender does, each rung has an end, and nobody works on when this returns. */
async function climbInThrowAwayDatabase(
  ladder: Ladder,
  request: VerifyDumpRequest,
  place: ArchivePlace,
): Promise<void> {
  const { withThrowAwayDatabase: lend, signal } = request;
  if (ladder.obstacle('restores') !== undefined) return;
  if (!lend)
    return ladder.climb('restores', () => notRun('no throw-away database was given to restore into'));

  const takenBack = new AbortController();
  let climbing: Promise<void> | undefined;
  let trouble: string | undefined;
  try {
    await lend((target, administrator) => {
      climbing = climbIn(ladder, request, place, { target, administrator }, takenBack.signal);
      return climbing;
    });
  } catch (error) {
    trouble = reasonIn(error);
  }
  takenBack.abort(new Error(trouble ?? 'the throw-away database was taken back too early'));
  await climbing?.catch(() => undefined);
  signal?.throwIfAborted();

  if (!climbing) {
    await ladder.climb('restores', () => notRun(trouble ?? 'no throw-away database was lent'));
  } else if (trouble !== undefined) {
    ladder.remark('restores', `the throw-away database may still be there, drop it: ${trouble}`);
  }
}

async function climbIn(
  ladder: Ladder,
  request: VerifyDumpRequest,
  place: ArchivePlace,
  { target, administrator }: { target: PostgresEndpoint; administrator?: PostgresEndpoint | undefined },
  takenBack: AbortSignal,
): Promise<void> {
  const {
    manifest,
    path,
    fingerprint: expected,
    onProgress,
    smokeSql = [],
    smokeTimeoutMs = 60_000,
  } = request;
  const { jobs = Math.max(2, availableParallelism()) } = request;
  const signal = request.signal ? AbortSignal.any([request.signal, takenBack]) : takenBack;

  await ladder.climb('restores', () =>
    proveRestores({
      path,
      signal,
      file: place.file,
      folder: place.folder,
      source: manifest.source,
      target,
      administrator,
      jobs,
      onProgress: (doneEntries, totalEntries) =>
        onProgress?.({ rung: 'restores', state: 'running', doneEntries, totalEntries }),
    }),
  );
  if (ladder.obstacle('structure') === undefined) await request.afterRestore?.(target);
  let differences: SplitDifferences | undefined;
  await ladder.climb('structure', async () => {
    if (!expected) return notRun(whyNoFingerprint(manifest));
    const actual = await fingerprintDatabase({
      endpoint: target,
      concurrency: FINGERPRINT_CONCURRENCY,
      signal,
      onProgress: ({ doneBytes, totalBytes }) =>
        onProgress?.({ rung: 'structure', state: 'running', doneBytes, totalBytes }),
    });
    differences = splitDifferences(compareFingerprints(expected, actual));
    return judgeStructure(expected, differences);
  });
  await ladder.climb('fingerprint', () => {
    if (!expected) return notRun(whyNoFingerprint(manifest));
    if (!differences) return notRun('because the restored database could not be read: see structure');
    return judgeContent(expected, differences);
  });
  await ladder.climb('smoke', () =>
    proveSmoke(target, smokeSql, { statementTimeoutMs: smokeTimeoutMs, signal }),
  );
}

function whyNoFingerprint({ fingerprint }: Manifest): string {
  return 'notTaken' in fingerprint
    ? `the dump was taken without a fingerprint: ${fingerprint.notTaken}`
    : 'the fingerprint that the manifest names was not given';
}

/** Where the archive lies on this machine, from when it is needed until the end. */
class ArchivePlace {
  private made: string | undefined;

  constructor(
    private readonly parent: string,
    private readonly bytes: number,
  ) {}

  get folder(): string {
    if (this.made === undefined) throw new Error('the archive was not downloaded');
    return this.made;
  }

  /** A file, or the folder of its files. */
  get file(): string {
    return join(this.folder, 'archive');
  }

  /** @throws DiskTooSmallError, or what the file system says */
  async make(): Promise<string> {
    await requireDiskSpace(this.parent, this.bytes);
    this.made = await mkdtemp(join(this.parent, VERIFY_FOLDER_PREFIX));
    return this.file;
  }

  async remove(): Promise<void> {
    if (this.made !== undefined) await rm(this.made, { recursive: true, force: true });
  }
}
