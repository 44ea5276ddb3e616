import { createHash } from 'node:crypto';
import { open, statfs } from 'node:fs/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { mayPass, statusOf } from '../../shared/s3-failure';
import type { Manifest } from '../manifest';
import { ArchiveCorruptError, ArchiveDownloadError, DiskTooSmallError } from './errors';
import { saidBy } from '../../shared/errors';

export interface ArchiveDownload {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly archive: Manifest['archive'];
  /** The file to write; it must not exist. */
  readonly file: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((doneBytes: number) => void) | undefined;
}

/** How often in a row a connection may break without having brought a byte. */
const FRUITLESS_ATTEMPTS = 3;

/** What the folder must keep free beside the archive, bytes: for others, such as PostgreSQL's own temporary files. */
const SPARE_BYTES = 64 * 1024 * 1024;

/** @throws DiskTooSmallError when the folder has no room for so many bytes */
export async function requireDiskSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + SPARE_BYTES) return;
  throw new DiskTooSmallError(
    `the archive has ${bytes} bytes and ${folder} has room for ${Math.max(0, free - SPARE_BYTES)}; free some space there, or name another temporary folder`,
  );
}

/**
 * Streams an archive into a file with constant memory, and hashes it on the way. A connection that breaks is
 * taken up again where it broke.
 *
 * @throws ArchiveCorruptError when the bytes are not the manifest's, ArchiveDownloadError, the signal's reason
 */
export async function downloadArchive(download: ArchiveDownload): Promise<void> {
  const { bucket, archive, signal, onProgress } = download;
  const hash = createHash('sha256');
  // `wx`: never follow a link or a file that somebody laid there. 0600: it holds everybody's data.
  const file = await open(download.file, 'wx', 0o600);
  let done = 0;
  try {
    for (let fruitless = 0; done < archive.bytes;) {
      const before = done;
      try {
        for await (const chunk of await bytesFrom(download, done)) {
          hash.update(chunk);
          await file.writeFile(chunk);
          done += chunk.length;
          onProgress?.(done);
        }
        // A body that ends early without an error is an archive that is too short.
        if (done === before || done > archive.bytes) break;
      } catch (error) {
        signal?.throwIfAborted();
        // Nothing lies where the archive should go on: it is shorter than its manifest says.
        if (statusOf(error) === 416) break;
        fruitless = done > before ? 0 : fruitless + 1;
        if (!mayPass(error) || isAboutDisk(error) || fruitless >= FRUITLESS_ATTEMPTS) {
          throw downloadError(download, done, error);
        }
      }
    }
  } finally {
    await file.close();
  }
  const sha256 = hash.digest('hex');
  if (done === archive.bytes && sha256 === archive.sha256) return;
  throw new ArchiveCorruptError(
    `s3://${bucket}/${archive.key} has ${done} bytes with SHA-256 ${sha256}, and its manifest says ${archive.bytes} bytes with ${archive.sha256}; nothing was restored: choose another backup, and look for an earlier version of this object`,
  );
}

async function bytesFrom(
  { s3, bucket, archive, signal }: ArchiveDownload,
  offset: number,
): Promise<AsyncIterable<Buffer>> {
  const { Body } = await s3.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: archive.key,
      ...(offset > 0 && { Range: `bytes=${offset}-` }),
    }),
    signal ? { abortSignal: signal } : {},
  );
  return (Body ?? []) as AsyncIterable<Buffer>;
}

function isAboutDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function downloadError(
  { bucket, archive }: ArchiveDownload,
  done: number,
  cause: unknown,
): ArchiveDownloadError {
  const said = saidBy(cause);
  const advice = isAboutDisk(cause)
    ? 'free some space, or name another temporary folder'
    : mayPass(cause)
      ? 'try again'
      : "check that the archive is there and that the role may read it and use the vault's key";
  return new ArchiveDownloadError(
    `s3://${bucket}/${archive.key} stopped after ${done} of ${archive.bytes} bytes: ${said}; ${advice}`,
    { cause, retryable: !isAboutDisk(cause) && mayPass(cause) },
  );
}
