import { createHash } from 'node:crypto';
import type { DatabaseFingerprint, Difference } from '../../../../core/backup/fingerprint';
import { Manifest } from '../../../../core/backup/manifest';
import { RUNGS, Verification, type Rung } from '../../../../core/backup/verify';
import { heightOf } from '../../../../core/backup/verify/record';

export const CONTENT = Buffer.from('what pg_dump wrote, all of it');
export const CRC32 = 'AAAAAA==';

const PREFIX = 'dumps/shop/2026/11/23/20261123T020000Z';

export const MANIFEST = Manifest.parse({
  manifestVersion: 1,
  backupId: '20261123T020000Z',
  environment: 'test',
  source: {
    instanceIdentifier: 'shop',
    dbiResourceId: 'db-ABC',
    database: 'shop',
    serverVersion: '15.18',
    serverVersionNumber: 150018,
    sizeBytes: 1,
  },
  archive: {
    key: `${PREFIX}/archive-a.pgdump`,
    format: 'custom',
    compression: 'gzip:1',
    clientVersion: '15.18',
    bytes: CONTENT.length,
    sha256: createHash('sha256').update(CONTENT).digest('hex'),
    s3ChecksumCrc32: CRC32,
    parts: 1,
  },
  globals: { key: `${PREFIX}/globals-a.sql`, bytes: 1, sha256: '0'.repeat(64) },
  fingerprint: { notTaken: 'it was switched off' },
  scheduledFor: '2026-11-23T02:00:00Z',
  startedAt: '2026-11-23T02:00:01Z',
  completedAt: '2026-11-23T02:00:02Z',
});

/** Of one table; `changes` make another. */
export function fingerprint(changes: Partial<DatabaseFingerprint> = {}): DatabaseFingerprint {
  return {
    fingerprintVersion: 1,
    takenAt: '2026-11-23T02:00:01Z',
    durationMs: 1,
    server: { version: '15.18', versionNumber: 150018, settings: {} },
    database: {
      name: 'shop',
      owner: 'golive_admin',
      encoding: 'UTF8',
      collate: 'C.UTF-8',
      ctype: 'C.UTF-8',
      localeProvider: 'c',
      locale: null,
      collationVersion: null,
    },
    databaseSizeBytes: 1,
    walPosition: '0/1',
    tables: [{ schema: 'public', name: 'orders', rows: 3, hash: 'a'.repeat(32) }],
    sequences: [],
    largeObjects: { count: 0, sizeBytes: 0, hash: '0'.repeat(32), attributesHash: '0'.repeat(32) },
    schemaHash: '0'.repeat(64),
    schema: {},
    globals: {},
    ...changes,
  };
}

export function difference(severity: Difference['severity'], kind: string, object = 'it'): Difference {
  return { severity, kind, object, expected: 'a', found: 'b', message: `${kind} of ${object} differs` };
}

/** Every rung with this status, but those that are named. */
export function rungs(
  status: Rung['status'],
  changes: Partial<Record<Rung['name'], Rung['status']>> = {},
): Rung[] {
  return RUNGS.map((name) => ({
    name,
    status: changes[name] ?? status,
    startedAt: '2026-11-24T03:00:00.000Z',
    durationMs: 7,
    detail: 'measured',
  }));
}

export function verification(of: Rung[] = rungs('passed'), changes: object = {}): Verification {
  return Verification.parse({
    verificationVersion: 1,
    backupId: MANIFEST.backupId,
    database: 'shop',
    archiveKey: MANIFEST.archive.key,
    archiveSha256: MANIFEST.archive.sha256,
    startedAt: '2026-11-24T03:00:00.000Z',
    finishedAt: '2026-11-24T03:04:05.678Z',
    clientVersion: '15.18',
    rungs: of,
    height: heightOf(of),
    ...changes,
  });
}
