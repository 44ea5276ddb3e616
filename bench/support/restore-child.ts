import { dumpS3Client } from '../../core/backup/dump/s3-client';
import { fingerprintDatabase } from '../../core/backup/fingerprint';
import { restoreDump } from '../../core/backup/restore/restore-dump';
import type { Manifest } from '../../core/backup/manifest';
import type { PostgresEndpoint } from '../../core/postgres/endpoint';
import { answerJob, peakBytes, secondsOf } from './answer-job';

export interface RestoreJob {
  readonly s3Endpoint: string;
  readonly manifest: Manifest;
  readonly target: PostgresEndpoint;
  readonly path: string;
  readonly jobs: number;
}

export interface RestoreMeasured {
  /** Fetched, hashed, restored. */
  readonly seconds: number;
  /** Of these, until the archive lay on the disk. */
  readonly downloadSeconds: number;
  /** The fingerprint that proves it. */
  readonly proofSeconds: number;
  /** The most that this process ever had in memory, bytes. */
  readonly peakBytes: number;
}

/** Restores one dump, as an operator's command does, in a process of its own, so that its memory can be measured. */
answerJob(async ({ s3Endpoint, manifest, target, path, jobs }: RestoreJob): Promise<RestoreMeasured> => {
  const s3 = dumpS3Client({
    endpoint: s3Endpoint,
    forcePathStyle: true,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  let downloadSeconds = 0;
  const seconds = await secondsOf(async () => {
    const { downloadMs } = await restoreDump({ s3, bucket: 'vault', manifest, target, path, jobs });
    downloadSeconds = downloadMs / 1000;
  });
  const peak = peakBytes();
  const proofSeconds = await secondsOf(() => fingerprintDatabase({ endpoint: target, concurrency: jobs }));
  return { seconds, downloadSeconds, proofSeconds, peakBytes: Math.max(peak, peakBytes()) };
});
