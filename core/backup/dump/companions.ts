import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { jsonOrUndefined } from '../../shared/json';
import { mayPass } from '../../shared/s3-failure';
import { DatabaseFingerprint } from '../fingerprint';
import type { Companion, Manifest } from '../manifest';
import { CompanionAccessError, CompanionCorruptError } from './errors';
import { saidByS3 } from './s3-advice';

interface Vault {
  readonly s3: S3Client;
  readonly bucket: string;
}

/**
 * Writes what lies beside an archive, and gives what the manifest says of it. Each attempt has keys of its own, so
 * nothing is overwritten that a manifest vouches for, and an answer that was lost is asked for again by the SDK.
 *
 * @throws CompanionAccessError
 */
export async function putCompanion(
  { s3, bucket }: Vault,
  key: string,
  content: Buffer,
  contentType: string,
): Promise<Companion> {
  try {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: content,
        ContentType: contentType,
        ChecksumAlgorithm: 'SHA256',
      }),
    );
  } catch (error) {
    throw new CompanionAccessError(
      `s3://${bucket}/${key} could not be written, so this is no backup: ${saidByS3(error)}`,
      { cause: error, retryable: mayPass(error) },
    );
  }
  return { key, bytes: content.length, sha256: sha256(content) };
}

/** A fingerprint as it lies in the vault: JSON, packed with gzip, the same bytes for the same fingerprint. */
export async function packFingerprint(fingerprint: DatabaseFingerprint): Promise<Buffer> {
  return promisify(gzip)(JSON.stringify(fingerprint));
}

/**
 * The fingerprint that a manifest names, or undefined when the dump was taken without one.
 *
 * @throws CompanionAccessError, CompanionCorruptError
 */
export async function readFingerprint(
  vault: Vault,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<DatabaseFingerprint | undefined> {
  if (!('key' in manifest.fingerprint)) return undefined;
  const packed = await getCompanion(vault, manifest.fingerprint, signal);
  const text = await promisify(gunzip)(packed);
  const parsed = DatabaseFingerprint.safeParse(jsonOrUndefined(text.toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new CompanionCorruptError(
    `s3://${vault.bucket}/${manifest.fingerprint.key} is no fingerprint that we understand; use the version of GoLive that wrote it`,
  );
}

/**
 * What the manifest names, with the size and the SHA-256 that it vouches for.
 *
 * @throws CompanionAccessError, CompanionCorruptError
 */
export async function getCompanion(
  { s3, bucket }: Vault,
  { key, bytes, sha256: expected }: Companion,
  signal?: AbortSignal,
): Promise<Buffer> {
  let content: Buffer;
  try {
    const { Body: body } = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      signal && { abortSignal: signal },
    );
    content = Buffer.from((await body?.transformToByteArray()) ?? []);
  } catch (error) {
    signal?.throwIfAborted();
    throw new CompanionAccessError(`s3://${bucket}/${key} could not be read: ${saidByS3(error)}`, {
      cause: error,
      retryable: mayPass(error),
    });
  }
  if (content.length === bytes && sha256(content) === expected) return content;
  throw new CompanionCorruptError(
    `s3://${bucket}/${key} has ${content.length} bytes and should have ${bytes} with SHA-256 ${expected}; look for an earlier version of it`,
  );
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
