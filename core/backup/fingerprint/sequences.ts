import { FingerprintForbiddenError } from './errors';
import type { SnapshotSession } from './session';
import { qualified } from './tables';
import type { SequenceFingerprint } from './types';
import { NOT_OF_AN_EXTENSION, USER_SCHEMA } from './user-objects';

const SEQUENCES_PER_STATEMENT = 200;

/**
 * Reads the position of every sequence. Sequences stand outside of snapshots: two readings while the
 * application writes differ, see {@link withLaterPositions}.
 *
 * @throws FingerprintForbiddenError with every sequence that cannot be read
 */
export async function readSequences(session: SnapshotSession): Promise<SequenceFingerprint[]> {
  const listed = await session.rows<ListedSequence>('the list of sequences', LIST_SEQUENCES);
  const forbidden = listed.filter((sequence) => !sequence.readable);
  if (forbidden.length > 0) {
    throw new FingerprintForbiddenError(
      `no SELECT on sequence ${forbidden.map(qualified).join(', ')}; grant the role SELECT on them, or membership in pg_read_all_data`,
    );
  }
  const sequences: SequenceFingerprint[] = [];
  for (let start = 0; start < listed.length; start += SEQUENCES_PER_STATEMENT) {
    const batch = listed.slice(start, start + SEQUENCES_PER_STATEMENT);
    const selects = batch.map(
      (sequence, index) =>
        `SELECT ${index} AS index, last_value::pg_catalog.text AS "lastValue", is_called AS "isCalled" FROM ${qualified(sequence)}`,
    );
    const rows = await session.rowsWithoutKeepingLocks<Position & { index: number }>(
      `sequence ${qualified(batch[0]!)} and those after it`,
      selects.join(' UNION ALL '),
    );
    for (const { index, lastValue, isCalled } of rows) {
      const { schema, name, direction } = batch[index]!;
      sequences.push({ schema, name, lastValue, isCalled, direction });
    }
  }
  return sequences;
}

/**
 * Notes on sequences where they had moved to when they were read again. Between the two readings lies whatever
 * pg_dump, running at the same time, may have read.
 */
export function withLaterPositions(
  first: readonly SequenceFingerprint[],
  later: readonly SequenceFingerprint[],
): SequenceFingerprint[] {
  const byName = new Map(later.map((sequence) => [qualified(sequence), sequence]));
  return first.map((sequence) => {
    const now = byName.get(qualified(sequence));
    if (!now || (now.lastValue === sequence.lastValue && now.isCalled === sequence.isCalled)) return sequence;
    return { ...sequence, movedTo: { lastValue: now.lastValue, isCalled: now.isCalled } };
  });
}

/** Whether a sequence of the restored database stands where pg_dump may have read it. */
export function standsWithin(expected: SequenceFingerprint, actual: Position): boolean {
  const { movedTo, direction } = expected;
  const samePosition = (a: Position): boolean =>
    a.lastValue === actual.lastValue && a.isCalled === actual.isCalled;
  if (samePosition(expected)) return true;
  if (!movedTo) return false;
  // One that cycles, or was set back while we looked, may have been anywhere.
  const step = BigInt(movedTo.lastValue) - BigInt(expected.lastValue);
  if (direction === 0 || step * BigInt(direction) < 0n) return true;
  const within =
    (BigInt(actual.lastValue) - BigInt(expected.lastValue)) * BigInt(direction) >= 0n &&
    (BigInt(movedTo.lastValue) - BigInt(actual.lastValue)) * BigInt(direction) >= 0n;
  // A sequence that was used never goes back to unused.
  return within && (actual.isCalled || !expected.isCalled);
}

export interface Position {
  readonly lastValue: string;
  readonly isCalled: boolean;
}

interface ListedSequence {
  readonly schema: string;
  readonly name: string;
  readonly readable: boolean;
  readonly direction: -1 | 0 | 1;
}

const LIST_SEQUENCES = `
  SELECT n.nspname AS schema, c.relname AS name,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS readable,
    CASE WHEN s.seqcycle THEN 0 ELSE pg_catalog.sign(s.seqincrement)::pg_catalog.int4 END AS direction
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${USER_SCHEMA('n')}
    AND (${NOT_OF_AN_EXTENSION('pg_class', 'c.oid')}
      OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;
