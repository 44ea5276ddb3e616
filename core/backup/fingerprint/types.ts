import * as z from 'zod';

const Count = z.number().int().nonnegative();
/** Two 64-bit sums, see `row-hash.ts`. */
const ContentHash = z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 hexadecimal digits');

/** Why a table's content has no hash. Such a table compares as *not compared*, never as *the same*. */
export const OmissionReason = z.enum([
  /** It is bigger than `limits.maxTableBytes`. */
  'too-large',
  /** It is named in `limits.leaveOut`. */
  'left-out-by-configuration',
  /** It is a partitioned table, and at least one of its partitions has no hash. */
  'partition-omitted',
]);

const TableName = { schema: z.string(), name: z.string() };

const HashedTable = z.strictObject({ ...TableName, rows: Count, hash: ContentHash });
const OmittedTable = z.strictObject({
  ...TableName,
  omitted: OmissionReason,
  /** Present where the rows were at least counted. */
  rows: Count.optional(),
  /** Heap and TOAST at the time, bytes. */
  sizeBytes: Count,
});

/** `last_value` and `is_called` of a sequence. Text, because a bigint does not fit a JSON number. */
const SequencePosition = { lastValue: z.string().regex(/^-?\d+$/), isCalled: z.boolean() };

const Sequence = z.strictObject({
  ...TableName,
  ...SequencePosition,
  /**
   * Sequences stand outside of snapshots, and pg_dump reads them when it gets to them. One that moved while
   * we looked has its later position here; a restore may land on either or between.
   */
  movedTo: z.strictObject(SequencePosition).optional(),
  /** -1 or 1: which way it counts; 0 for one that cycles, whose positions have no order. */
  direction: z.union([z.literal(-1), z.literal(0), z.literal(1)]),
});

const LargeObjects = z.union([
  z.strictObject({
    count: Count,
    sizeBytes: Count,
    hash: ContentHash,
    /** Owners, grants and comments, summed like the content. */
    attributesHash: ContentHash,
    /** Up to `limits.maxListedLargeObjects`, so that a difference can be named: `[oid, bytes, hash]`. */
    listed: z.array(z.tuple([z.number().int().positive(), Count, ContentHash])).optional(),
  }),
  z.strictObject({ count: Count, omitted: OmissionReason }),
]);

/** One kind of schema object. `objects` maps an identity to its definition's hash, or to a short value itself. */
const ObjectsOfKind = z.strictObject({
  count: Count,
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Absent beyond `limits.maxListedObjects`: the difference is then known, but not named. */
  objects: z.record(z.string(), z.string()).optional(),
});

/**
 * What a database holds, small enough to lie beside its dump: the same content gives the same fingerprint on
 * another server, in another physical order, under another time zone, and on PostgreSQL 15, 16 and 17.
 */
export const DatabaseFingerprint = z.strictObject({
  /** Of the shape *and* of the hashes: two versions are never compared. */
  fingerprintVersion: z.literal(1),
  takenAt: z.iso.datetime(),
  durationMs: Count,
  server: z.strictObject({
    /** As `SHOW server_version` gives it. */
    version: z.string().min(1),
    /** As `SHOW server_version_num` gives it, such as 170005. */
    versionNumber: z.number().int().positive(),
    /** Those that change what the data means or what a restore needs. */
    settings: z.record(z.string(), z.string()),
  }),
  database: z.strictObject({
    name: z.string().min(1),
    owner: z.string(),
    encoding: z.string().min(1),
    collate: z.string(),
    ctype: z.string(),
    /** `c` libc, `i` ICU, `b` builtin. */
    localeProvider: z.string(),
    locale: z.string().nullable(),
    /** Another version may sort otherwise, so text indexes copied as files would be wrong. */
    collationVersion: z.string().nullable(),
  }),
  databaseSizeBytes: Count,
  /** `pg_current_wal_lsn()` when the fingerprint began; of a standby, what it had replayed. */
  walPosition: z.string(),
  tables: z.array(z.union([HashedTable, OmittedTable])),
  sequences: z.array(Sequence),
  largeObjects: LargeObjects,
  /** Of everything in `schema`, SHA-256. */
  schemaHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** By kind, such as `index` or `grant`; a kind with no object is left out. A new kind is a new `fingerprintVersion`. */
  schema: z.record(z.string(), ObjectsOfKind),
  /** Roles, memberships and their settings belong to the server and not to the database: by name, what they may. */
  globals: z.record(z.string(), ObjectsOfKind),
});

export type DatabaseFingerprint = z.output<typeof DatabaseFingerprint>;
export type OmissionReason = z.output<typeof OmissionReason>;
export type TableFingerprint = DatabaseFingerprint['tables'][number];
export type SequenceFingerprint = DatabaseFingerprint['sequences'][number];
export type LargeObjectsFingerprint = DatabaseFingerprint['largeObjects'];
export type ObjectsOfKind = z.output<typeof ObjectsOfKind>;

/** What to leave out of a fingerprint. Whatever is left out is named in it, with the reason. */
export interface FingerprintLimits {
  /**
   * Tables (single partitions) with more bytes than this, heap and TOAST together, are not hashed.
   * @default no limit
   */
  readonly maxTableBytes?: number;
  /**
   * Whether the rows of such tables are still counted, which reads the heap but no TOAST.
   * @default true
   */
  readonly countTooLarge?: boolean;
  /** Tables that are neither hashed nor counted, such as a cache that is not worth the time. */
  readonly leaveOut?: readonly { readonly schema: string; readonly name: string }[];
  /**
   * Whether large objects are counted only.
   * @default false
   */
  readonly leaveOutLargeObjects?: boolean;
  /**
   * Up to this many large objects are listed one by one, so that a difference can be named.
   * @default 1000
   */
  readonly maxListedLargeObjects?: number;
  /**
   * Up to this many schema objects of one kind are listed one by one.
   * @default 20000
   */
  readonly maxListedObjects?: number;
}
