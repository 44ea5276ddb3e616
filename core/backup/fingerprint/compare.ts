import { majorOf } from '../../postgres/version';
import { SETTINGS_OF_MEANING } from './server';
import { standsWithin } from './sequences';
import { qualified } from './tables';
import type { DatabaseFingerprint, ObjectsOfKind, SequenceFingerprint, TableFingerprint } from './types';

/** One thing in which two databases differ, or that could not be compared. */
export interface Difference {
  /**
   * `error`: the database is not what it was. `warning`: something around it is not, such as a role of the
   * server. `not-compared`: one of the fingerprints left it out, so nothing is known; that is not *the same*.
   */
  readonly severity: 'error' | 'warning' | 'not-compared';
  /** `rows`, `content`, `sequence`, `large object`, `index`, `grant` …; what {@link CompareOptions.ignore} names. */
  readonly kind: string;
  /** Such as `"public"."orders"`. */
  readonly object: string;
  /** undefined: not there. */
  readonly expected: string | undefined;
  readonly found: string | undefined;
  /** One sentence for people, which names the object. */
  readonly message: string;
}

export interface CompareOptions {
  /**
   * Kinds that may differ, such as `owner` and `grant` after `pg_restore --no-owner --no-acl`.
   * @default none
   */
  readonly ignore?: readonly string[];
}

/**
 * Compares a database with what it should be. An empty answer means: the same, everything compared.
 *
 * The database's name and size, the WAL position and the server's capacity may differ.
 *
 * @param expected the source's fingerprint, such as the one of a manifest
 * @param actual that of the restored database
 */
export function compareFingerprints(
  expected: DatabaseFingerprint,
  actual: DatabaseFingerprint,
  options: CompareOptions = {},
): Difference[] {
  const sameMajor = majorOf(expected.server.versionNumber) === majorOf(actual.server.versionNumber);
  const all = [
    ...compareDatabases(expected, actual),
    ...compareTables(expected.tables, actual.tables),
    ...compareSequences(expected.sequences, actual.sequences),
    ...compareLargeObjects(expected.largeObjects, actual.largeObjects),
    ...compareInventories(expected.schema, actual.schema, (kind, bothThere) => {
      if (kind === 'invalid index') return 'warning';
      // Another major version may spell the same definition otherwise, and brings extensions of other versions.
      return bothThere && !sameMajor ? 'warning' : 'error';
    }),
    ...compareInventories(expected.globals, actual.globals, () => 'warning'),
  ];
  return all.filter(({ kind }) => !options.ignore?.includes(kind));
}

function compareDatabases(expected: DatabaseFingerprint, actual: DatabaseFingerprint): Difference[] {
  const differences: Difference[] = [];
  const check = (
    severity: Difference['severity'],
    kind: string,
    object: string,
    was: string | null | undefined,
    is: string | null | undefined,
  ): void => {
    if (was === is) return;
    differences.push(difference(severity, kind, object, was ?? undefined, is ?? undefined));
  };
  for (const field of ['encoding', 'collate', 'ctype', 'localeProvider', 'locale'] as const) {
    check('error', 'database', field, expected.database[field], actual.database[field]);
  }
  check(
    'warning',
    'database',
    'collation version',
    expected.database.collationVersion,
    actual.database.collationVersion,
  );
  check(
    'warning',
    'server',
    'major version',
    String(majorOf(expected.server.versionNumber)),
    String(majorOf(actual.server.versionNumber)),
  );
  for (const name of SETTINGS_OF_MEANING) {
    check('warning', 'setting', name, expected.server.settings[name], actual.server.settings[name]);
  }
  return differences;
}

function compareTables(
  expected: readonly TableFingerprint[],
  actual: readonly TableFingerprint[],
): Difference[] {
  return pair(expected, actual, qualified).flatMap(([object, was, is]): Difference[] => {
    if (!was || !is) {
      const [there, gone] = was ? ['is there', undefined] : [undefined, 'is there'];
      return [difference('error', 'table content', object, there, gone)];
    }
    if (was.rows !== undefined && is.rows !== undefined && was.rows !== is.rows) {
      return [difference('error', 'rows', object, `${was.rows} rows`, `${is.rows} rows`)];
    }
    if ('hash' in was && 'hash' in is) {
      return was.hash === is.hash ? [] : [difference('error', 'content', object, was.hash, is.hash)];
    }
    const describe = (table: TableFingerprint): string =>
      'omitted' in table ? `left out: ${table.omitted}` : table.hash;
    const counted = was.rows !== undefined && is.rows !== undefined ? `; both have ${was.rows} rows` : '';
    return [notCompared('content', object, describe(was), describe(is), counted)];
  });
}

function compareSequences(
  expected: readonly SequenceFingerprint[],
  actual: readonly SequenceFingerprint[],
): Difference[] {
  const describe = (sequence: SequenceFingerprint | undefined): string | undefined => {
    if (!sequence) return undefined;
    const position = (at: { lastValue: string; isCalled: boolean }): string =>
      `${at.lastValue}${at.isCalled ? '' : ' (not yet used)'}`;
    return sequence.movedTo ? `${position(sequence)} to ${position(sequence.movedTo)}` : position(sequence);
  };
  return pair(expected, actual, qualified).flatMap(([object, was, is]) =>
    was && is && standsWithin(was, is)
      ? []
      : [difference('error', 'sequence', object, describe(was), describe(is))],
  );
}

function compareLargeObjects(
  expected: DatabaseFingerprint['largeObjects'],
  actual: DatabaseFingerprint['largeObjects'],
): Difference[] {
  const kind = 'large object';
  const everything = 'all large objects';
  if (expected.count !== actual.count && !('listed' in expected && 'listed' in actual)) {
    return [difference('error', kind, everything, `${expected.count} objects`, `${actual.count} objects`)];
  }
  if ('omitted' in expected || 'omitted' in actual) {
    if (expected.count === 0) return [];
    const describe = (objects: DatabaseFingerprint['largeObjects']): string =>
      'omitted' in objects ? `left out: ${objects.omitted}` : objects.hash;
    return [
      notCompared(
        kind,
        everything,
        describe(expected),
        describe(actual),
        `; both have ${expected.count} objects`,
      ),
    ];
  }
  const differences: Difference[] = [];
  if (expected.hash !== actual.hash) {
    const describe = (entry: readonly [number, number, string] | undefined): string | undefined =>
      entry && `${entry[1]} bytes, ${entry[2]}`;
    const named = pair(expected.listed ?? [], actual.listed ?? [], ([oid]) => String(oid))
      .filter(([, was, is]) => describe(was) !== describe(is))
      .map(([oid, was, is]) => difference('error', kind, oid, describe(was), describe(is)));
    const listed = expected.listed !== undefined && actual.listed !== undefined;
    differences.push(
      ...(listed ? named : [difference('error', kind, everything, expected.hash, actual.hash)]),
    );
  }
  if (expected.attributesHash !== actual.attributesHash && expected.hash === actual.hash) {
    differences.push(
      difference(
        'error',
        'large object attributes',
        everything,
        expected.attributesHash,
        actual.attributesHash,
      ),
    );
  }
  return differences;
}

function compareInventories(
  expected: Readonly<Record<string, ObjectsOfKind>>,
  actual: Readonly<Record<string, ObjectsOfKind>>,
  severity: (kind: string, bothThere: boolean) => 'error' | 'warning',
): Difference[] {
  return pair(Object.entries(expected), Object.entries(actual), ([kind]) => kind).flatMap(
    ([kind, was, is]) => {
      const [expectedKind, actualKind] = [was?.[1] ?? NONE, is?.[1] ?? NONE];
      if (expectedKind.hash === actualKind.hash) return [];
      if (!expectedKind.objects || !actualKind.objects) {
        const describe = ({ count, hash }: ObjectsOfKind): string => `${count} objects, ${hash.slice(0, 16)}`;
        return [
          difference(
            severity(kind, true),
            kind,
            'one of too many to list',
            describe(expectedKind),
            describe(actualKind),
          ),
        ];
      }
      return pair(
        Object.entries(expectedKind.objects),
        Object.entries(actualKind.objects),
        ([identity]) => identity,
      )
        .filter(([, before, after]) => before?.[1] !== after?.[1])
        .map(([identity, before, after]) =>
          difference(severity(kind, Boolean(before && after)), kind, identity, before?.[1], after?.[1]),
        );
    },
  );
}

/** What stands for a kind that an inventory leaves out because there is no object of it. */
const NONE: ObjectsOfKind = { count: 0, hash: '', objects: {} };

function difference(
  severity: Difference['severity'],
  kind: string,
  object: string,
  expected: string | undefined,
  found: string | undefined,
): Difference {
  const message =
    found === undefined
      ? `${kind} ${object} is missing (expected ${shown(expected)})`
      : expected === undefined
        ? `${kind} ${object} is there and should not be (found ${shown(found)})`
        : `${kind} ${object} differs: expected ${expected}, found ${found}`;
  return { severity, kind, object, expected, found, message };
}

function shown(value: string | undefined): string {
  return value === undefined || value === '' ? 'it' : value;
}

function notCompared(
  kind: string,
  object: string,
  expected: string,
  found: string,
  counted: string,
): Difference {
  const message = `${kind} of ${object} was not compared: expected ${expected}, found ${found}${counted}`;
  return { severity: 'not-compared', kind, object, expected, found, message };
}

/** Joins two lists by key, keeping what only one of them has. */
function pair<T>(
  expected: readonly T[],
  actual: readonly T[],
  keyOf: (item: T) => string,
): [key: string, expected: T | undefined, actual: T | undefined][] {
  const found = new Map(actual.map((item) => [keyOf(item), item]));
  const pairs = expected.map((item): [string, T, T | undefined] => [
    keyOf(item),
    item,
    found.get(keyOf(item)),
  ]);
  const known = new Set(pairs.map(([key]) => key));
  const extra = [...found].filter(([key]) => !known.has(key));
  return [...pairs, ...extra.map(([key, item]): [string, undefined, T] => [key, undefined, item])];
}
