import type { DatabaseFingerprint, Difference } from '../fingerprint';
import { failed, notRun, passed, someOf, type Outcome } from './outcome';

/** Kinds of {@link Difference} that speak of content. */
const OF_CONTENT: ReadonlySet<string> = new Set(['content', 'large object', 'large object attributes']);
/** Of both: a table with another number of rows, or none, has another content too. */
const OF_BOTH: ReadonlySet<string> = new Set(['rows', 'table content']);

/** Two questions to one comparison. */
export interface SplitDifferences {
  readonly structure: readonly Difference[];
  readonly content: readonly Difference[];
}

export function splitDifferences(differences: readonly Difference[]): SplitDifferences {
  return {
    structure: differences.filter(({ kind }) => !OF_CONTENT.has(kind)),
    content: differences.filter(({ kind }) => OF_CONTENT.has(kind) || OF_BOTH.has(kind)),
  };
}

/** Tables, sequences, schema and numbers of rows. */
export function judgeStructure(expected: DatabaseFingerprint, { structure }: SplitDifferences): Outcome {
  const wrong = messagesOf(structure, 'error');
  // The archive does not bring a database's locale along: whoever made the database chose it.
  const ofTheDatabase = structure.filter(({ kind, severity }) => kind === 'database' && severity === 'error');
  if (wrong.length > 0 && ofTheDatabase.length === wrong.length) {
    return notRun(
      `the throw-away database was not made like the one that was dumped: ${someOf(wrong)}; make it from template0 with that encoding and locale`,
    );
  }
  const remarks = withRemarks(messagesOf(structure, 'warning'));
  if (wrong.length > 0) return failed(`${someOf(wrong)}${remarks}`);
  const objects = Object.values(expected.schema).reduce((sum, { count }) => sum + count, 0);
  return passed(
    `${expected.tables.length} tables with ${rowsIn(expected)} rows, ${expected.sequences.length} sequences and ${objects} schema objects as they were dumped${remarks}`,
  );
}

/** Rows and large objects. What was not compared is named, and where nothing was, nothing passes. */
export function judgeContent(expected: DatabaseFingerprint, { content }: SplitDifferences): Outcome {
  const wrong = messagesOf(content, 'error');
  const notCompared = messagesOf(content, 'not-compared');
  const missing = notCompared.length === 0 ? '' : `; not compared: ${someOf(notCompared)}`;
  if (wrong.length > 0) return failed(`${someOf(wrong)}${missing}`);
  const hashed = expected.tables.filter((table) => 'hash' in table).length;
  if (hashed === 0 && notCompared.length > 0) {
    return notRun(
      `no content was compared: ${someOf(notCompared)}; raise the fingerprint's limits of the dump`,
    );
  }
  return passed(
    `the content of ${hashed} of ${expected.tables.length} tables and ${expected.largeObjects.count} large objects is what was dumped${missing}`,
  );
}

function messagesOf(differences: readonly Difference[], severity: Difference['severity']): string[] {
  return differences.filter((difference) => difference.severity === severity).map(({ message }) => message);
}

function withRemarks(remarks: readonly string[]): string {
  return remarks.length === 0 ? '' : `; and what does no harm: ${someOf(remarks)}`;
}

/** A partitioned table's rows are its partitions' rows too, so a sum says more than there is; it is for people. */
function rowsIn({ tables }: DatabaseFingerprint): number {
  return tables.reduce((sum, { rows = 0 }) => sum + rows, 0);
}
