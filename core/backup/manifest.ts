import * as z from 'zod';
import { asBackupId, type BackupId } from './vault-layout';

const Instant = z.iso.datetime({ message: 'expected a UTC ISO 8601 instant' });
const Bytes = z.number().int().nonnegative();

/** What lies beside the archive, and what the manifest vouches for. */
const CompanionShape = {
  key: z.string().min(1),
  bytes: Bytes,
  /** Lower-case hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
};
const Companion = z.strictObject(CompanionShape);
export type Companion = z.output<typeof Companion>;

/**
 * What a dump says of itself. It is written last and only when everything before it succeeded, so its
 * existence is what makes the backup exist. It holds all that a restore needs, so that the vault alone
 * is enough after the database, the stacks and the account's other state are gone.
 */
export const Manifest = z.strictObject({
  manifestVersion: z.literal(1),
  backupId: z.string().transform((text, context): BackupId => {
    const id = asBackupId(text);
    if (id) return id;
    context.addIssue({ code: 'custom', message: 'expected a backup id such as 20261123T020000Z' });
    return z.NEVER;
  }),
  /** The environment it was taken in, such as `prod`: a restore elsewhere asks first. */
  environment: z.string().min(1),
  source: z.strictObject({
    /** The instance's name at the time. Names are reused after a restore: `dbiResourceId` is not. */
    instanceIdentifier: z.string().min(1),
    /** RDS's immutable id of the instance. */
    dbiResourceId: z.string().min(1),
    database: z.string().min(1),
    /** As `SHOW server_version` gives it. */
    serverVersion: z.string().min(1),
    /** As `SHOW server_version_num` gives it, such as 170005. */
    serverVersionNumber: z.number().int().positive(),
    /** `pg_database_size` before the dump, bytes. */
    sizeBytes: Bytes,
  }),
  archive: z.strictObject({
    key: z.string().min(1),
    /**
     * - `custom`: what `pg_dump --format=custom` writes
     * - `directory-tar`: the files that `pg_dump --format=directory` writes, as one tar; `toc.dat` comes last
     */
    format: z.enum(['custom', 'directory-tar']),
    /** As `pg_dump --compress` was told, such as `zstd:1` or `gzip:1`. */
    compression: z.string().min(1),
    /** The pg_dump that wrote it, such as `17.5`: a restore needs this major version or newer. */
    clientVersion: z.string().min(1),
    bytes: Bytes,
    /** Of the whole archive, lower-case hexadecimal, computed while it streamed. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /**
     * S3's own CRC-32 of the whole archive (4 bytes, most significant first, base64), as computed by us while
     * streaming and confirmed by S3 before and after the archive existed.
     * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
     */
    s3ChecksumCrc32: z.string().regex(/^[A-Za-z0-9+/]{6}==$/),
    parts: z.number().int().positive(),
  }),
  /** Roles, memberships and their settings, as SQL without passwords. */
  globals: Companion,
  /** What the database held in the very snapshot that was dumped: packed `DatabaseFingerprint`, or why there is none. */
  fingerprint: z.union([
    z.strictObject({
      ...CompanionShape,
      tables: z.number().int().nonnegative(),
      /** Tables whose content was left out, such as for their size. */
      tablesLeftOut: z.number().int().nonnegative(),
    }),
    z.strictObject({ notTaken: z.string().min(1) }),
  ]),
  scheduledFor: Instant,
  startedAt: Instant,
  completedAt: Instant,
});

export type Manifest = z.output<typeof Manifest>;
export type ArchiveFormat = Manifest['archive']['format'];
