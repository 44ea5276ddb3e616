import type { S3Client } from '@aws-sdk/client-s3';
import { inParallel } from '../../shared/in-parallel';
import { dumpsPrefix } from '../vault-layout';
import { checkDump, type CataloguedDump } from './check-dump';
import { BackupNotFoundError } from './errors';
import type { RejectedDump } from './rejection';
import { rejection, Slots } from './slots';
import { vaultPages } from './vault-object';

export interface ListDumpsOptions {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  /** @default every database's dumps */
  readonly database?: string;
  /**
   * How many backups are checked at the same time. Each takes two requests, and a request waits for S3 some
   * 20 ms, so 32 are about 800 backups a second. Not more than the client's sockets, of which it has 50.
   * @default 32
   */
  readonly concurrency?: number;
}

export interface DumpCatalogue {
  /** Every dump that is a backup, newest first by S3's clock. */
  readonly dumps: readonly CataloguedDump[];
  /** What lies among them and is none, in the order of the keys. */
  readonly rejected: readonly RejectedDump[];
}

/**
 * Lists the dumps of a vault from the bucket alone: nothing else needs to be left. A dump is a backup only if
 * its manifest parses and the archive that it names is there with the manifest's size and S3 checksum.
 *
 * @throws CatalogueUnavailableError when S3 fails to answer; never because of what lies in the vault
 */
export async function listDumps(options: ListDumpsOptions): Promise<DumpCatalogue> {
  const { s3, bucket, concurrency = 32 } = options;
  const slots = new Slots();
  for await (const page of vaultPages(s3, bucket, dumpsPrefix(options.database))) {
    for (const object of page) slots.take(object);
  }

  const dumps: CataloguedDump[] = [];
  const rejected: RejectedDump[] = [...slots.foreign];
  await inParallel(slots.values(), concurrency, async (slot) => {
    const { manifest } = slot;
    const verdict = manifest ? await checkDump(s3, bucket, { ...slot, manifest }) : undefined;
    if (verdict && 'reason' in verdict) rejected.push(verdict);
    else if (verdict) dumps.push(verdict);
    const named = verdict && 'manifest' in verdict ? verdict.manifest.archive.key : undefined;
    for (const archive of slot.archives.values()) {
      if (archive.key === named) continue;
      // Beside a manifest that is no good, the archive may be the one it meant: one complaint is enough.
      if (manifest && named === undefined) continue;
      rejected.push(rejection(archive, manifest ? 'archive-not-named' : 'manifest-missing', slot));
    }
  });

  return {
    dumps: dumps.sort(newestFirst),
    rejected: rejected.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
  };
}

/**
 * The newest dump that is a backup.
 *
 * @throws BackupNotFoundError when there is none, CatalogueUnavailableError
 */
export async function newestDump(options: ListDumpsOptions): Promise<CataloguedDump> {
  const { dumps, rejected } = await listDumps(options);
  const newest = dumps[0];
  if (newest) return newest;
  const whose = options.database === undefined ? '' : ` of database ${JSON.stringify(options.database)}`;
  throw new BackupNotFoundError(
    `the vault ${options.bucket} holds no backup${whose}, and ${rejected.length} things that are none; run a dump, or look in the DR region's vault`,
  );
}

function newestFirst(a: CataloguedDump, b: CataloguedDump): number {
  // S3 gives whole seconds; ids break the tie by the instant that the dump was scheduled for.
  return b.storedAt.getTime() - a.storedAt.getTime() || (b.backupId < a.backupId ? -1 : 1);
}
