import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CataloguedDump } from '../../../core/backup/catalogue';
import { downloadArchive } from '../../../core/backup/restore/download-archive';
import { restoreDump } from '../../../core/backup/restore/restore-dump';
import type { LocalPlatform } from '../../platform';
import { takeDump } from '../round-trip';
import { Unexpected, type Outcome, type Progress } from '../steps';
import { bytes, counted } from '../../../core/shared/units';
import { failureOf, requireOnly, vaultOf, watchingUpload } from '../vault';
import { startCuttingProxy } from './cutting-proxy';
import { withDyingPgDump } from './dying-pg-dump';

/** pg_dump is killed when it has written half of the archive. */
export async function killPgDump(
  platform: LocalPlatform,
  good: CataloguedDump,
  at: Date,
  progress: Progress,
): Promise<Outcome> {
  const half = Math.round(good.manifest.archive.bytes / 2);
  const invocations = await withDyingPgDump(platform.database.binFolder, half, (folder) =>
    watchingUpload(platform, 'a dump whose pg_dump will be killed', progress, () =>
      platform.fire('DumpJob', { at, pathPrefix: [folder] }),
    ),
  );
  const failure = requireFailure(invocations, 'PgDumpKilledError');
  await requireOnly(platform, [good]);
  return {
    result: `${failure.code}; no new backup, no upload left, the earlier one is listed`,
    details: [`killed after ${bytes(half)} of ${bytes(good.manifest.archive.bytes)}`, failure.message],
    value: undefined,
  };
}

const CUT_AFTER_BYTES = 5_000_000;

/** The network breaks in the middle of the second part, and again at every retry. */
export async function cutUpload(
  platform: LocalPlatform,
  good: CataloguedDump,
  at: Date,
  progress: Progress,
): Promise<Outcome> {
  const proxy = await startCuttingProxy(platform.aws.endpoint, { fromPart: 2, afterBytes: CUT_AFTER_BYTES });
  try {
    const invocations = await watchingUpload(platform, 'a dump whose upload will be cut', progress, () =>
      platform.fire('DumpJob', { at, environment: { AWS_ENDPOINT_URL: proxy.endpoint } }),
    );
    const failure = requireFailure(invocations, 'ArchiveUploadError');
    await requireOnly(platform, [good]);
    return {
      result: `${failure.code}; no new backup, no upload left, the earlier one is listed`,
      details: [
        `cut ${counted(proxy.cuts(), 'time')}, each ${bytes(CUT_AFTER_BYTES)} into a part`,
        failure.message,
      ],
      value: undefined,
    };
  } finally {
    await proxy.close();
  }
}

/** A backup is made, and half of its archive goes missing in the vault. */
export async function truncateArchive(
  platform: LocalPlatform,
  good: CataloguedDump,
  at: Date,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Outcome> {
  const { s3 } = platform.clients;
  const { bucket } = vaultOf(platform);
  const { value: spoilt } = await takeDump(platform, at, progress);
  const { key: Key, bytes: whole } = spoilt.manifest.archive;

  progress('cutting its archive in half');
  const half = Math.floor(whole / 2);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, Range: `bytes=0-${half - 1}` }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await Body!.transformToByteArray() }));

  const { rejected } = await requireOnly(platform, [good]);
  const rejection = rejected.find(({ backupId }) => backupId === spoilt.backupId);
  if (rejection?.reason !== 'archive-size-differs') {
    throw new Unexpected(`the truncated archive was rejected as ${rejection?.reason ?? 'nothing'}`);
  }
  // Whoever insists gets an error before anything is restored.
  progress('trying to restore it all the same');
  const target = await platform.database.createDatabase('from_a_truncated_archive');
  const refusal = await restoreDump({
    s3,
    bucket,
    manifest: spoilt.manifest,
    target,
    path: platform.database.binFolder,
    signal,
  }).then(
    () => undefined,
    (error: unknown) => error as { code?: string },
  );
  if (refusal?.code !== 'ArchiveCorruptError') {
    throw new Unexpected(`restoring the truncated archive ended with ${refusal?.code ?? 'success'}`);
  }
  return {
    result: `rejected as ${rejection.reason}; a restore of it stops with ${refusal.code}`,
    details: [`${bytes(half)} of ${bytes(whole)} left`, rejection.message],
    value: undefined,
  };
}

/** After all that, the first backup is listed, and each of its bytes is what its manifest says. */
export async function requireStillGood(
  platform: LocalPlatform,
  good: CataloguedDump,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Outcome> {
  await requireOnly(platform, [good]);
  const folder = await mkdtemp(join(tmpdir(), 'golive-demo-'));
  try {
    const { archive } = good.manifest;
    await downloadArchive({
      s3: platform.clients.s3,
      bucket: vaultOf(platform).bucket,
      archive,
      file: join(folder, 'archive'),
      signal,
      onProgress: (done) => progress('hashing the archive', { done, total: archive.bytes, unit: 'bytes' }),
    });
    return {
      result: `${good.backupId}: all bytes have the SHA-256 of its manifest`,
      bytes: archive.bytes,
      value: undefined,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function requireFailure(
  invocations: Parameters<typeof failureOf>[0],
  code: string,
): { code: string; message: string } {
  const failure = failureOf(invocations);
  if (!failure) throw new Unexpected('the function reported success');
  if (failure.code !== code) {
    throw new Unexpected(`the function failed with ${failure.code} instead of ${code}`, [failure.message]);
  }
  return failure;
}
