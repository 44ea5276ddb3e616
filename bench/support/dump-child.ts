import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { dumpS3Client } from '../../core/backup/dump/s3-client';
import { takeDump, type DumpRequest } from '../../core/backup/dump/take-dump';
import type { Manifest } from '../../core/backup/manifest';
import type { PostgresEndpoint } from '../../core/postgres/endpoint';
import { answerJob, childrenProcessorSeconds, peakBytes } from './answer-job';

export interface DumpJob {
  readonly endpoint: PostgresEndpoint;
  readonly s3Endpoint: string;
  /** PEM file of the authority to trust when S3 is reached by HTTPS. */
  readonly s3CaFile?: string;
  readonly path: string;
  readonly scheduledFor: string;
  /** @default - as the function takes it */
  readonly archive?: DumpRequest['archive'];
  /** @default false - `npm run bench:fingerprint` measures what that costs */
  readonly withFingerprint?: boolean;
}

export interface DumpMeasured {
  readonly seconds: number;
  readonly archiveBytes: number;
  readonly databaseBytes: number;
  readonly compression: string;
  readonly parts: number;
  /** The most that this process ever had in memory, bytes. */
  readonly peakBytes: number;
  /** Of this process, its start included. */
  readonly processorSeconds: number;
  /** Of pg_dump and of what it started. */
  readonly pgDumpProcessorSeconds: number;
  readonly manifest: Manifest;
}

/** Takes one dump, as the function does, in a process of its own, so that its memory can be measured. */
async function run(job: DumpJob): Promise<DumpMeasured> {
  const tls = job.s3CaFile !== undefined && { ca: readFileSync(job.s3CaFile), keepAlive: true };
  const s3 = dumpS3Client(
    {
      endpoint: job.s3Endpoint,
      forcePathStyle: true,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    },
    tls ? { httpsAgent: new Agent(tls) } : {},
  );
  const start = process.hrtime.bigint();
  const { manifest } = await takeDump({
    s3,
    bucket: 'vault',
    endpoint: job.endpoint,
    source: { instanceIdentifier: 'bench', dbiResourceId: 'db-BENCH' },
    environment: 'bench',
    scheduledFor: new Date(job.scheduledFor),
    path: job.path,
    archive: job.archive,
    fingerprint: job.withFingerprint ? undefined : 'none',
    log: { info: () => undefined, warn: (message, fields) => console.error(message, fields) },
  });
  const { user, system } = process.cpuUsage();
  return {
    seconds: Number(process.hrtime.bigint() - start) / 1e9,
    archiveBytes: manifest.archive.bytes,
    databaseBytes: manifest.source.sizeBytes,
    compression: manifest.archive.compression,
    parts: manifest.archive.parts,
    peakBytes: peakBytes(),
    processorSeconds: (user + system) / 1e6,
    pgDumpProcessorSeconds: childrenProcessorSeconds(),
    manifest,
  };
}

answerJob(run);
