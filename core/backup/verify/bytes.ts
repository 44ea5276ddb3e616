import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { statusOf } from '../../shared/s3-failure';
import type { Manifest } from '../manifest';
import { downloadArchive } from '../restore/download-archive';
import { ArchiveCorruptError, ArchiveDownloadError, ArchiveRefusedError } from '../restore/errors';
import { VerificationUnavailableError } from './errors';
import { failed, passed, type Outcome } from './outcome';

export interface BytesToProve {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly archive: Manifest['archive'];
  /** Makes the place for the archive, and gives the file, or folder, to write; it must not exist. */
  readonly makeRoom: () => Promise<string>;
  /** Told of an archive whose bytes are right and hold what no dump does. */
  readonly onRefused: (refusal: ArchiveRefusedError) => void;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (doneBytes: number) => void;
}

/**
 * Fetches the archive and compares every byte with its manifest. S3 is asked first for what it holds: an archive
 * that is gone or has another size is not worth a download.
 *
 * @throws what says nothing of the backup: VerificationUnavailableError, ArchiveDownloadError, what `makeRoom`
 *   throws; the signal's reason
 */
export async function proveBytes(request: BytesToProve): Promise<Outcome> {
  const { s3, bucket, archive, signal, onProgress } = request;
  const place = `s3://${bucket}/${archive.key}`;
  const gone = failed(`${place} is gone; look for an earlier version of the object, or for its copy`);
  let held: HeadObjectCommandOutput;
  try {
    held = await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: archive.key, ChecksumMode: 'ENABLED' }),
      signal ? { abortSignal: signal } : {},
    );
  } catch (error) {
    if (statusOf(error) === 404) return gone;
    throw new VerificationUnavailableError(`what ${place} holds could not be found out`, error);
  }
  const differences = differencesIn(held, archive);
  if (differences.length > 0) {
    return failed(`${place} has ${differences.join(' and ')}; look for an earlier version of the object`);
  }
  const file = await request.makeRoom();
  try {
    await downloadArchive({ s3, bucket, archive, file, signal, onProgress });
  } catch (error) {
    if (error instanceof ArchiveCorruptError) return failed(error.message);
    if (error instanceof ArchiveDownloadError && statusOf(error.cause) === 404) return gone;
    // This rung is about the bytes.
    if (!(error instanceof ArchiveRefusedError)) throw error;
    request.onRefused(error);
  }
  return passed(
    `${archive.bytes} bytes with SHA-256 ${archive.sha256}, and S3 holds CRC-32 ${archive.s3ChecksumCrc32}`,
  );
}

function differencesIn(held: HeadObjectCommandOutput, archive: Manifest['archive']): string[] {
  const { ContentLength: bytes, ChecksumCRC32: crc32 } = held;
  return [
    ...(bytes === archive.bytes ? [] : [`${bytes ?? 'no'} bytes (expected ${archive.bytes})`]),
    ...(crc32 === archive.s3ChecksumCrc32
      ? []
      : [`CRC-32 ${crc32 ?? '(none)'} (expected ${archive.s3ChecksumCrc32})`]),
  ];
}
