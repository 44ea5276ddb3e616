import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import * as z from 'zod';
import { GoLiveError } from '../../shared/errors';

/**
 * A database that a restore made beside the live one, or the live one that it set aside. What it is stands in
 * the database's own comment, on the server: after a kill nothing else is needed to go on or to clean up.
 */
export interface SideDatabase {
  readonly name: string;
  readonly mark: RestoreMark;
}

/**
 * `restoring`: half made, worth nothing. `verified`: its fingerprint matches, it may be swapped in.
 * `retired`: the live database until a restore replaced it, kept for undo. `undone`: swapped in and out again.
 */
const State = z.enum(['restoring', 'verified', 'retired', 'undone']);

export const RestoreMark = z.strictObject({
  golive: z.literal('restore'),
  restoreId: z.string().regex(/^[a-z0-9]{1,32}$/),
  backupId: z.string().min(1),
  live: z.string().min(1),
  state: State,
  since: z.iso.datetime(),
  /** What somebody had written about the live database, where this mark stands now. */
  comment: z.string().optional(),
});
export type RestoreMark = z.output<typeof RestoreMark>;

/** PostgreSQL cuts longer identifiers silently, which could make two names one. */
const MAXIMUM_NAME_BYTES = 63;

/** `<live>__restore_<id>`, with the live name cut, never the id, to stay within 63 bytes. */
export function sideDatabaseName(live: string, kind: 'restore' | 'before', restoreId: string): string {
  const suffix = `__${kind}_${restoreId}`;
  let stem = live;
  while (Buffer.byteLength(stem + suffix) > MAXIMUM_NAME_BYTES) stem = [...stem].slice(0, -1).join('');
  return stem + suffix;
}

/** Every database on the server that a restore of `live` left, oldest first. Foreign comments are passed over. */
export async function listSideDatabases(maintenance: Client, live: string): Promise<SideDatabase[]> {
  const { rows } = await maintenance.query<{ name: string; comment: string }>(
    `SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment
       FROM pg_database WHERE shobj_description(oid, 'pg_database') IS NOT NULL`,
  );
  return rows
    .flatMap(({ name, comment }) => {
      const mark = parseMark(comment);
      return mark?.live === live && name !== live ? [{ name, mark }] : [];
    })
    .sort((a, b) => a.mark.since.localeCompare(b.mark.since));
}

/** What a database is made with. */
export interface DatabaseShape {
  readonly owner: string;
  readonly encoding: string;
  readonly collation: string;
  readonly ctype: string;
  /** `c` libc, `i` ICU, `b` builtin. */
  readonly provider: string;
}

/** Undefined when there is no such database, such as after somebody dropped it. */
export async function shapeOf(maintenance: Client, database: string): Promise<DatabaseShape | undefined> {
  const { rows } = await maintenance.query<DatabaseShape>(
    `SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding,
            datcollate AS collation, datctype AS ctype, datlocprovider AS provider
       FROM pg_database WHERE datname = $1`,
    [database],
  );
  return rows[0];
}

/**
 * Makes the empty database to restore into. It has the live one's owner, encoding and locale, refuses
 * connections of others by nothing but its name, and is marked `restoring` in the same breath.
 *
 * @param lost what the live database was like, for when it is there no more
 * @throws RestoreStateError when the live database does not exist and nobody knows what it was like
 */
export async function createSideDatabase(
  maintenance: Client,
  mark: Omit<RestoreMark, 'golive' | 'state'>,
  lost?: DatabaseShape,
): Promise<SideDatabase> {
  const live = (await shapeOf(maintenance, mark.live)) ?? lost;
  if (!live) {
    throw new RestoreStateError(
      `database "${mark.live}" does not exist, and the backup does not say what it was like: make an empty one of that name, then restore again`,
    );
  }
  const name = sideDatabaseName(mark.live, 'restore', mark.restoreId);
  // template0, because template1 may hold objects that the archive brings too.
  const locale =
    live.provider === 'c'
      ? ` LC_COLLATE ${escapeLiteral(live.collation)} LC_CTYPE ${escapeLiteral(live.ctype)}`
      : '';
  await maintenance.query(
    `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0 OWNER ${escapeIdentifier(live.owner)} ` +
      `ENCODING ${escapeLiteral(live.encoding)}${locale}`,
  );
  return await setMark(maintenance, name, { ...mark, golive: 'restore', state: 'restoring' });
}

export async function setMark(maintenance: Client, name: string, mark: RestoreMark): Promise<SideDatabase> {
  const checked = RestoreMark.parse(mark);
  await maintenance.query(
    `COMMENT ON DATABASE ${escapeIdentifier(name)} IS ${escapeLiteral(JSON.stringify(checked))}`,
  );
  return { name, mark: checked };
}

/** Drops a side database with whoever is connected to it. Refuses one that bears no mark of ours. */
export async function dropSideDatabase(maintenance: Client, side: SideDatabase): Promise<void> {
  const present = await listSideDatabases(maintenance, side.mark.live);
  if (!present.some(({ name, mark }) => name === side.name && mark.restoreId === side.mark.restoreId)) {
    throw new RestoreStateError(
      `database "${side.name}" bears no mark of restore ${side.mark.restoreId}: nothing was dropped; look at its comment`,
    );
  }
  await maintenance.query(`DROP DATABASE ${escapeIdentifier(side.name)} WITH (FORCE)`);
}

function parseMark(comment: string): RestoreMark | undefined {
  try {
    return RestoreMark.parse(JSON.parse(comment));
  } catch {
    return undefined;
  }
}

export class RestoreStateError extends GoLiveError {
  readonly code = 'RestoreStateError';
}
