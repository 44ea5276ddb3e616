import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { s3Crc32 } from '../../../core/backup/dump/s3-crc32';
import type { Manifest } from '../../../core/backup/manifest';
import {
  archiveKey,
  backupIdAt,
  globalsKey,
  instantOf,
  manifestKey,
  type BackupId,
} from '../../../core/backup/vault-layout';

export const ARCHIVE = 'as good as an archive, for a catalogue';

export interface PutDump {
  readonly s3: S3Client;
  readonly bucket: string;
  /** `yyyymmddThhmmssZ` */
  readonly id: string;
  readonly dbiResourceId: string;
  /** @default golive */
  readonly database?: string;
}

/** Puts what a dump leaves: an archive, and the manifest that makes it a backup. */
export async function putDump({ s3, bucket, id, dbiResourceId, database = 'golive' }: PutDump) {
  const scheduledFor = instantOf(id)!.toISOString();
  const backupId: BackupId = backupIdAt(new Date(scheduledFor));
  const archive = archiveKey(database, backupId, 'a1');
  const { ChecksumCRC32 } = await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: archive, Body: ARCHIVE, ChecksumAlgorithm: 'CRC32' }),
  );
  const manifest: Manifest = {
    manifestVersion: 1,
    backupId,
    environment: 'test',
    source: {
      instanceIdentifier: 'shop',
      dbiResourceId,
      database,
      serverVersion: '17.5',
      serverVersionNumber: 170005,
      sizeBytes: 1000,
    },
    archive: {
      key: archive,
      format: 'custom',
      compression: 'gzip:1',
      clientVersion: '17.5',
      bytes: ARCHIVE.length,
      sha256: 'a'.repeat(64),
      s3ChecksumCrc32: ChecksumCRC32 ?? s3Crc32(0),
      parts: 1,
    },
    globals: { key: globalsKey(database, backupId, 'a1'), bytes: 10, sha256: 'b'.repeat(64) },
    fingerprint: { notTaken: 'this is a test' },
    scheduledFor,
    startedAt: scheduledFor,
    completedAt: scheduledFor,
  };
  const key = manifestKey(database, backupId);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: JSON.stringify(manifest) }));
  return { archive, manifest: key };
}
