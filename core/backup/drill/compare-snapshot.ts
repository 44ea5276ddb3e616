import { compareFingerprints, type DatabaseFingerprint } from '../fingerprint';
import { someOf } from '../verify/outcome';
import type { StageEnd } from './stages';

/** Below so many rows a table may grow or shrink as it likes. */
const FREE_ROWS = 100;

/** Of another instant than the dump: contents, positions, and numbers of rows are. Those are judged on their own. */
const OF_THE_INSTANT: ReadonlySet<string> = new Set([
  'rows',
  'content',
  'sequence',
  'large object',
  'large object attributes',
]);

/** Whether a snapshot has the schema that the dump had. */
export function judgeSchema(expected: DatabaseFingerprint, actual: DatabaseFingerprint): StageEnd {
  const wrong = compareFingerprints(expected, actual)
    .filter(({ severity, kind }) => severity === 'error' && !OF_THE_INSTANT.has(kind))
    .map(({ message }) => message);
  const objects = Object.values(actual.schema).reduce((sum, { count }) => sum + count, 0);
  return wrong.length === 0
    ? {
        outcome: 'passed',
        detail: `${actual.tables.length} tables and ${objects} schema objects, as in the dump of ${expected.takenAt}`,
      }
    : {
        outcome: 'failed',
        detail: `${someOf(wrong)}; a migration between the snapshot and the dump of ${expected.takenAt} explains it: drill again after the next of both. Without one, look into it now`,
      };
}

/**
 * Whether every table has about as many rows as in the dump.
 *
 * @param tolerance by which share of its rows a table may differ, such as 0.2
 */
export function judgeVolume(
  expected: DatabaseFingerprint,
  actual: DatabaseFingerprint,
  tolerance: number,
): StageEnd {
  const found = new Map(actual.tables.map((table) => [`${table.schema}.${table.name}`, table.rows]));
  const wrong: string[] = [];
  let compared = 0;
  let rows = 0;
  for (const { schema, name, rows: before } of expected.tables) {
    const now = found.get(`${schema}.${name}`);
    if (before === undefined || now === undefined) continue;
    compared++;
    rows += now;
    if (Math.abs(now - before) > Math.max(FREE_ROWS, before * tolerance)) {
      wrong.push(`${schema}.${name} has ${now} rows and had ${before}`);
    }
  }
  const percent = `${Math.round(tolerance * 100)} %`;
  if (wrong.length > 0) {
    return {
      outcome: 'failed',
      detail: `${wrong.length} of ${compared} tables differ by more than ${percent} from the dump of ${expected.takenAt}: ${someOf(wrong)}; if that many rows came or went in between, drill again, else look into it now`,
    };
  }
  return compared === 0 && expected.tables.length > 0
    ? {
        outcome: 'not-run',
        detail: 'no table was counted in both; raise the limits of the dump’s fingerprint',
      }
    : {
        outcome: 'passed',
        detail: `${compared} tables with ${rows} rows, each within ${percent} of the dump of ${expected.takenAt}`,
      };
}
