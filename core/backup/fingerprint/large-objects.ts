import { createHash } from 'node:crypto';
import {
  NO_ROWS,
  addRowSums,
  contentHash,
  readRowSums,
  rowSumsSql,
  type RowSums,
  type RowSumsRow,
} from './row-hash';
import type { SnapshotSession } from './session';
import type { FingerprintLimits, LargeObjectsFingerprint } from './types';

/** Large objects whose oids are in [from, to). */
export interface LargeObjectTask {
  readonly from: number;
  readonly to: number;
}

export interface LargeObjectSums {
  readonly content: RowSums;
  readonly attributes: RowSums;
  readonly sizeBytes: bigint;
  readonly listed: readonly (readonly [oid: number, bytes: number, hash: string])[];
}

const OBJECTS_PER_TASK = 1_000;
const DEFAULT_MAX_LISTED = 1_000;
/** A value of a query is at most 1 GiB, a large object up to 4 TiB: the content is hashed in pieces of 1 MiB. */
const PIECE_BYTES = 1_048_576;
/** INV_READ of libpq/libpq-fs.h. */
const READ_ONLY = 0x40000;

/** Cuts the large objects into tasks of a thousand. */
export async function planLargeObjects(
  session: SnapshotSession,
): Promise<{ count: number; tasks: LargeObjectTask[] }> {
  const starts = await session.rows<{ oid: number; count: string }>(
    'the list of large objects',
    `SELECT oid, count FROM (
       SELECT oid, pg_catalog.row_number() OVER (ORDER BY oid) AS place, pg_catalog.count(*) OVER () AS count
       FROM pg_catalog.pg_largeobject_metadata) AS placed
     WHERE place % ${OBJECTS_PER_TASK} = 1 ORDER BY oid`,
  );
  return {
    count: Number(starts[0]?.count ?? 0),
    // One more than the largest oid.
    tasks: starts.map(({ oid }, index) => ({ from: oid, to: starts[index + 1]?.oid ?? 2 ** 32 })),
  };
}

/** @throws the errors of `errors.ts` */
export async function runLargeObjectTask(
  session: SnapshotSession,
  task: LargeObjectTask,
  listEach: boolean,
): Promise<LargeObjectSums> {
  const what = `large objects ${task.from} to ${task.to - 1}`;
  const chosen = `oid >= ${task.from} AND oid <= ${task.to - 1}`;
  const each = await session.rowsWithoutKeepingLocks<{ oid: number; bytes: string; sha256: string }>(
    what,
    `SELECT oid, bytes, pg_catalog.encode(pg_catalog.sha256(coalesce((
        SELECT pg_catalog.string_agg(pg_catalog.sha256(pg_catalog.lo_get(oid, place, ${PIECE_BYTES})), '' ORDER BY place)
        FROM pg_catalog.generate_series(0::pg_catalog.int8, bytes - 1, ${PIECE_BYTES}) AS place), '')), 'hex') AS sha256
     FROM (
       SELECT oid, pg_catalog.lo_lseek64(descriptor, 0, 2) AS bytes, pg_catalog.lo_close(descriptor) AS closed
       FROM (SELECT oid, pg_catalog.lo_open(oid, ${READ_ONLY}) AS descriptor
             FROM pg_catalog.pg_largeobject_metadata WHERE ${chosen} OFFSET 0) AS opened
       OFFSET 0) AS measured`,
  );
  const [attributes] = await session.rowsWithoutKeepingLocks<RowSumsRow>(
    `the attributes of ${what}`,
    rowSumsSql(ATTRIBUTES, `pg_catalog.pg_largeobject_metadata AS m WHERE ${chosen}`),
  );
  return {
    content: sumOf(each),
    attributes: attributes ? readRowSums(attributes) : NO_ROWS,
    sizeBytes: each.reduce((sum, { bytes }) => sum + BigInt(bytes), 0n),
    listed: listEach ? each.map(({ oid, bytes, sha256 }) => [oid, Number(bytes), sha256.slice(0, 32)]) : [],
  };
}

export function listsEach(count: number, limits: FingerprintLimits): boolean {
  return count <= (limits.maxListedLargeObjects ?? DEFAULT_MAX_LISTED);
}

export function summariseLargeObjects(
  parts: readonly LargeObjectSums[],
  count: number,
  limits: FingerprintLimits,
): LargeObjectsFingerprint {
  const sizeBytes = Number(parts.reduce((sum, part) => sum + part.sizeBytes, 0n));
  return {
    count,
    sizeBytes,
    hash: contentHash(parts.map((part) => part.content).reduce(addRowSums, NO_ROWS)),
    attributesHash: contentHash(parts.map((part) => part.attributes).reduce(addRowSums, NO_ROWS)),
    ...(listsEach(count, limits) && {
      listed: parts.flatMap((part) => part.listed.map(([...entry]) => entry)).toSorted(([a], [b]) => a - b),
    }),
  };
}

/** The oid belongs to the content: applications keep it in their tables. */
function sumOf(objects: readonly { oid: number; sha256: string }[]): RowSums {
  const sums = { rows: 0n, low: 0n, high: 0n };
  for (const { oid, sha256 } of objects) {
    const digest = createHash('sha256').update(`${oid} ${sha256}`).digest();
    sums.rows += 1n;
    sums.low += digest.readBigInt64BE(0);
    sums.high += digest.readBigInt64BE(8);
  }
  return sums;
}

const ATTRIBUTES = `ROW(m.oid, pg_catalog.pg_get_userbyid(m.lomowner), ARRAY(
    SELECT ROW(CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(a.grantee) END,
      a.privilege_type, a.is_grantable)::pg_catalog.text COLLATE "C"
    FROM pg_catalog.aclexplode(coalesce(m.lomacl, pg_catalog.acldefault('L', m.lomowner))) AS a ORDER BY 1
  ), pg_catalog.obj_description(m.oid, 'pg_largeobject'))::pg_catalog.text`;
