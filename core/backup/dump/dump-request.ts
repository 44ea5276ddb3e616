import type { S3Client } from '@aws-sdk/client-s3';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import type { FingerprintLimits } from '../fingerprint';
import type { ArchiveFormat } from '../manifest';
import type { Limits } from './deadline';
import type { UploadProgress } from './multipart-upload';
import type { PgDumpClient } from './pg-dump';
import type { DumpedDatabase } from './preflight';

export interface DumpRequest extends Limits {
  /** Best made by `dumpS3Client`, whose requests always end. */
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  readonly endpoint: PostgresEndpoint;
  readonly source: {
    readonly instanceIdentifier: string;
    /** RDS's immutable id of the instance. */
    readonly dbiResourceId: string;
  };
  /** The environment's name, such as `prod`. */
  readonly environment: string;
  /** The instant that the backup is for; the same instant is the same backup. */
  readonly scheduledFor: Date;
  /** The PATH on which pg_dump is found. */
  readonly path: string;
  /**
   * Letters, digits and hyphens, unique to this attempt.
   * @default - random
   */
  readonly attempt?: string | undefined;
  /**
   * How long pg_dump waits for its locks, milliseconds.
   * @default 60000 - a migration queues behind a dump, and its readers behind the migration
   */
  readonly lockWaitTimeoutMs?: number | undefined;
  /**
   * How the archive is made.
   *
   * - `custom`: one stream, which needs no disk. As a function takes it.
   * - `directory`: `jobs` tables at a time, each over a connection of its own, into files in `folder` that leave for
   *   the vault as they are done. For a runner with more than one processor and a disk of its own: what other
   *   processes of this machine have left in `folder` is removed.
   *
   * @default custom
   */
  readonly archive?:
    | { readonly format: 'custom' }
    | { readonly format: 'directory'; readonly jobs: number; readonly folder: string }
    | undefined;
  /**
   * How the fingerprint is taken beside the dump: `connections` of it keep about a core of the server busy each.
   * `none` leaves it out, as a measurement of the stream alone does.
   * @default 2 connections, no limits
   */
  readonly fingerprint?:
    | { readonly connections?: number | undefined; readonly limits?: FingerprintLimits | undefined }
    | 'none'
    | undefined;
  readonly log: DumpLog;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** @default - the machine's */
  readonly now?: (() => Date) | undefined;
}

/** Where the dump tells what it does. Never given a password. */
export interface DumpLog {
  info(message: string, fields: Record<string, unknown>): void;
  warn(message: string, fields: Record<string, unknown>): void;
}

/** What one attempt works with, once all is known to be in order. */
export interface Attempt {
  readonly request: DumpRequest;
  readonly signal: AbortSignal;
  /** Of the archive. */
  readonly key: string;
  readonly format: ArchiveFormat;
  /** Letters, digits and hyphens. */
  readonly name: string;
  /** Names this attempt in pg_stat_activity. */
  readonly applicationName: string;
  readonly client: PgDumpClient;
  readonly database: DumpedDatabase;
}

/** @default of `lockWaitTimeoutMs` */
export const LOCK_WAIT_MS = 60_000;
