import { ListPartsCommand } from '@aws-sdk/client-s3';
import {
  listDumps,
  listUnfinishedUploads,
  type CataloguedDump,
  type DumpCatalogue,
} from '../../core/backup/catalogue';
import type { Invocation, LocalPlatform } from '../platform';
import { Unexpected, type Progress } from './steps';

/** The vault of the local platform and the database whose dumps the demo looks at. */
export interface DemoVault {
  readonly bucket: string;
  readonly database: string;
}

export function vaultOf(platform: LocalPlatform): DemoVault {
  return { bucket: platform.bucket('Vault/Bucket'), database: platform.database.master.database };
}

export async function catalogueOf(platform: LocalPlatform): Promise<DumpCatalogue> {
  return await listDumps({ s3: platform.clients.s3, ...vaultOf(platform) });
}

/**
 * Looks at the vault as an operator would: the earlier backups are listed, nothing else is, and no upload lies
 * about.
 *
 * @throws Unexpected with what is there instead
 */
export async function requireOnly(
  platform: LocalPlatform,
  good: readonly CataloguedDump[],
): Promise<DumpCatalogue> {
  const { s3 } = platform.clients;
  const { bucket, database } = vaultOf(platform);
  const catalogue = await catalogueOf(platform);
  const listed = catalogue.dumps.map(({ backupId }) => backupId).sort();
  const wanted = good.map(({ backupId }) => backupId).sort();
  if (listed.join() !== wanted.join()) {
    throw new Unexpected(`the vault lists ${listed.join(', ') || 'nothing'} instead of ${wanted.join(', ')}`);
  }
  const uploads = await listUnfinishedUploads(s3, bucket, database);
  if (uploads.length > 0) {
    throw new Unexpected(
      'an upload was begun and never ended, and its parts are billed',
      uploads.map(({ key }) => key),
    );
  }
  return catalogue;
}

/** What the function said when it failed, by the code to search for. */
export function failureOf(invocations: readonly Invocation[]): { code: string; message: string } | undefined {
  const { error } = invocations.at(-1) ?? {};
  return error && { code: error.code ?? error.errorType, message: error.errorMessage };
}

/** @throws Unexpected when the last attempt failed, with the end of the function's log */
export function requireSuccess(what: string, invocations: readonly Invocation[]): Invocation {
  const last = invocations.at(-1);
  if (last && !last.error) return last;
  const failure = failureOf(invocations);
  throw new Unexpected(
    `${what} failed: ${failure ? `${failure.code}: ${failure.message}` : 'it was never invoked'}`,
    last?.logs.slice(-5) ?? [],
  );
}

const LOOK_EVERY_MS = 400;

/** Tells how many bytes of a running dump S3 has, for as long as the work takes. */
export async function watchingUpload<T>(
  platform: LocalPlatform,
  doing: string,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const { s3 } = platform.clients;
  const { bucket, database } = vaultOf(platform);
  let stored = 0;
  const look = async (): Promise<void> => {
    const [upload] = await listUnfinishedUploads(s3, bucket, database);
    if (!upload) return;
    const { Parts = [] } = await s3.send(
      new ListPartsCommand({ Bucket: bucket, Key: upload.key, UploadId: upload.uploadId }),
    );
    stored = Parts.reduce((sum, { Size = 0 }) => sum + Size, 0);
    progress(doing, { done: stored, unit: 'bytes' });
  };
  progress(doing);
  let looking = Promise.resolve();
  // The upload may end between two questions, which is no failure of the dump.
  const timer = setInterval(() => {
    looking = looking.then(look).catch(() => undefined);
  }, LOOK_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await looking;
  }
}
