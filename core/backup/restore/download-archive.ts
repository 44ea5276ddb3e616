import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { mayPass, statusOf } from '../../shared/s3-failure';
import type { Manifest } from '../manifest';
import { freeBytes } from '../../shared/free-disk';
import { saidBy } from '../../shared/errors';
import { ArchiveCorruptError, ArchiveDownloadError, ArchiveRefusedError, DiskTooSmallError } from './errors';
import { NotUnpackableError, Unpacking } from './unpack';

export interface ArchiveDownload {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly archive: Manifest['archive'];
  /** What to write, and what must not be there yet; for the format `directory-tar` a folder, with its files. */
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
  const free = await freeBytes(folder);
  if (free >= bytes + SPARE_BYTES) return;
  throw new DiskTooSmallError(
    `the archive has ${bytes} bytes and ${folder} has room for ${Math.max(0, free - SPARE_BYTES)}; free some space there, or name another temporary folder`,
  );
}

/**
 * Streams an archive to the disk with constant memory, and hashes it on the way. A tar is unpacked meanwhile. A
 * connection that breaks is taken up again where it broke. After an error, what lies there is worth nothing.
 *
 * @throws ArchiveCorruptError when the bytes are not the manifest's, ArchiveRefusedError when they are and hold what
 *   no dump does, ArchiveDownloadError, the signal's reason
 */
export async function downloadArchive(download: ArchiveDownload): Promise<void> {
  const { bucket, archive, signal, onProgress } = download;
  const hash = createHash('sha256');
  const place = archive.format === 'custom' ? await fileAt(download.file) : await folderAt(download.file);
  let done = 0;
  try {
    for (let fruitless = 0; done < archive.bytes;) {
      const before = done;
      try {
        for await (const chunk of await bytesFrom(download, done)) {
          hash.update(chunk);
          await place.add(chunk);
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
    await place.end().catch((error: unknown) => {
      throw downloadError(download, done, error);
    });
  } finally {
    await place.close();
  }
  const sha256 = hash.digest('hex');
  if (done !== archive.bytes || sha256 !== archive.sha256) {
    throw new ArchiveCorruptError(
      `s3://${bucket}/${archive.key} has ${done} bytes with SHA-256 ${sha256}, and its manifest says ${archive.bytes} bytes with ${archive.sha256}; nothing was restored: choose another backup, and look for an earlier version of this object`,
    );
  }
  const refusal = place.refusal();
  if (refusal === undefined) return;
  throw new ArchiveRefusedError(
    `s3://${bucket}/${archive.key} is what its manifest vouches for and not what a dump writes: ${refusal}; nothing was restored: choose another backup, and find out who wrote this one and its manifest`,
  );
}

/** Where an archive's bytes go. */
interface Place {
  /** Returns when there is room for more. */
  add(piece: Buffer): Promise<void>;
  /** All is there. */
  end(): Promise<void>;
  /** Whatever happened. */
  close(): Promise<void> | void;
  /** Why it was not taken, though the disk is well. The bytes go on, for only their hash tells who is to blame. */
  refusal(): string | undefined;
}

async function fileAt(path: string): Promise<Place> {
  // `wx`: never follow a link or a file that somebody laid there. 0600: it holds everybody's data.
  const file = await open(path, 'wx', 0o600);
  return {
    add: (piece) => file.writeFile(piece),
    end: () => Promise.resolve(),
    close: () => file.close(),
    refusal: () => undefined,
  };
}

async function folderAt(path: string): Promise<Place> {
  const unpacking = await Unpacking.into(path);
  let refusal: string | undefined;
  const unlessRefused = async (work: () => Promise<void>): Promise<void> => {
    if (refusal !== undefined) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof NotUnpackableError)) throw error;
      refusal = error.message;
    }
  };
  return {
    add: (piece) => unlessRefused(() => unpacking.add(piece)),
    end: () => unlessRefused(() => unpacking.end()),
    close: () => unpacking.stop(),
    refusal: () => refusal,
  };
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
