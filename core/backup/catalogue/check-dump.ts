import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { Manifest } from '../manifest';
import { backupPrefix, parseArchiveKey, type BackupId } from '../vault-layout';
import { mayPass } from '../../shared/s3-failure';
import { CatalogueUnavailableError } from './errors';
import type { RejectedDump, RejectionReason } from './rejection';
import type { VaultObject } from './vault-object';

/** A dump whose manifest is sound and whose archive is what the manifest says, byte count and S3 checksum. */
export interface CataloguedDump {
  readonly database: string;
  readonly backupId: BackupId;
  readonly manifestKey: string;
  readonly manifest: Manifest;
  /** When S3 stored the manifest, by S3's clock: from this moment on the backup existed. */
  readonly storedAt: Date;
}

/** A manifest as the listing shows it, and the archives that lie beside it, by key. */
export interface Candidate {
  readonly database: string;
  readonly backupId: BackupId;
  readonly manifest: VaultObject;
  readonly archives: ReadonlyMap<string, VaultObject>;
}

/** A manifest with a fingerprint of 20,000 objects of each kind has some MiB. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/**
 * Decides whether a candidate is a backup. Costs one GetObject and one HeadObject; what the listing alone
 * disproves costs less.
 *
 * @throws CatalogueUnavailableError when S3 fails to answer, which says nothing about the backup
 */
export async function checkDump(
  s3: S3Client,
  bucket: string,
  candidate: Candidate,
): Promise<CataloguedDump | RejectedDump> {
  const { database, backupId, manifest: object } = candidate;
  const reject = (reason: RejectionReason, message: string): RejectedDump => ({
    ...object,
    reason,
    message,
    database,
    backupId,
  });

  if (object.bytes > MAX_MANIFEST_BYTES) {
    return reject(
      'manifest-invalid',
      `it has ${object.bytes} bytes, too many for a manifest; look who put it there`,
    );
  }
  const text = await answerOrRefusal(`${object.key} could not be read`, async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: object.key }));
    return (await Body?.transformToString('utf-8')) ?? '';
  });
  if (text instanceof Refusal) {
    return reject(
      'unreadable',
      `S3 refuses to give it (${text.said}); check the role's rights and the vault's key`,
    );
  }
  const parsed = parseManifest(text);
  if (typeof parsed === 'string') {
    return reject(
      'manifest-invalid',
      `${parsed}; restore it with the version of GoLive that wrote it, if one did`,
    );
  }
  const { archive } = parsed;
  const owner = parseArchiveKey(archive.key);
  if (
    parsed.backupId !== backupId ||
    parsed.source.database !== database ||
    owner?.database !== database ||
    owner.backupId !== backupId
  ) {
    return reject(
      'manifest-misplaced',
      `it lies in the place of ${backupPrefix(database, backupId)} and speaks of ${archive.key}; look who copied it there`,
    );
  }
  const listed = candidate.archives.get(archive.key);
  if (!listed) {
    return reject(
      'archive-missing',
      `its archive ${archive.key} is not there; look for a deleted version of it`,
    );
  }
  if (listed.bytes !== archive.bytes) {
    return reject(
      'archive-size-differs',
      `its archive has ${listed.bytes} bytes and should have ${archive.bytes}; look for an earlier version of ${archive.key}`,
    );
  }
  const held = await answerOrRefusal(`${archive.key} could not be looked at`, () =>
    s3.send(new HeadObjectCommand({ Bucket: bucket, Key: archive.key, ChecksumMode: 'ENABLED' })),
  );
  if (held instanceof Refusal) {
    return held.status === 404
      ? reject('archive-missing', `its archive ${archive.key} went away while we looked; list again`)
      : reject(
          'unreadable',
          `S3 refuses to show its archive (${held.said}); check the role's rights and the vault's key`,
        );
  }
  if (held.ContentLength !== archive.bytes || held.ChecksumCRC32 !== archive.s3ChecksumCrc32) {
    return reject(
      'archive-checksum-differs',
      `its archive has checksum ${held.ChecksumCRC32 ?? '(none)'} and should have ${archive.s3ChecksumCrc32}; look for an earlier version of ${archive.key}`,
    );
  }
  return { database, backupId, manifestKey: object.key, manifest: parsed, storedAt: object.storedAt };
}

/** @returns the manifest, or what is wrong with the text */
function parseManifest(text: string): Manifest | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return `its ${text.length} characters are not JSON, so it was cut short or is something else`;
  }
  const result = Manifest.safeParse(json);
  return result.success
    ? result.data
    : `it is not a manifest of version 1: ${z.prettifyError(result.error).replace(/\s*\n\s*/g, ' ')}`;
}

class Refusal {
  constructor(
    readonly said: string,
    readonly status: number | undefined,
  ) {}
}

async function answerOrRefusal<T>(what: string, ask: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await ask();
  } catch (error) {
    if (mayPass(error)) throw new CatalogueUnavailableError(what, error);
    const { name, $metadata } = error as { name: string; $metadata: { httpStatusCode?: number } };
    return new Refusal(name, $metadata.httpStatusCode);
  }
}
