import {
  compareFingerprints,
  DatabaseFingerprint,
  type Difference,
} from '../../../../core/backup/fingerprint';

const HASH = 'a'.repeat(32);
const OTHER_HASH = 'b'.repeat(32);
const kind = (
  objects: Record<string, string> | undefined,
  hash = '1'.repeat(64),
): DatabaseFingerprint['schema'][string] => ({
  count: objects ? Object.keys(objects).length : 30_000,
  hash,
  ...(objects && { objects }),
});

function fingerprint(more: Partial<DatabaseFingerprint> = {}): DatabaseFingerprint {
  return DatabaseFingerprint.parse({
    fingerprintVersion: 1,
    takenAt: '2026-11-23T02:00:00.000Z',
    durationMs: 1200,
    server: { version: '17.5', versionNumber: 170005, settings: { TimeZone: 'UTC', max_connections: '100' } },
    database: {
      name: 'app',
      owner: 'app',
      encoding: 'UTF8',
      collate: 'C.UTF-8',
      ctype: 'C.UTF-8',
      localeProvider: 'c',
      locale: null,
      collationVersion: null,
    },
    databaseSizeBytes: 1000,
    walPosition: '0/1',
    tables: [{ schema: 'app', name: 'orders', rows: 3, hash: HASH }],
    sequences: [{ schema: 'app', name: 's', lastValue: '3', isCalled: true, direction: 1 }],
    largeObjects: { count: 1, sizeBytes: 5, hash: HASH, attributesHash: HASH, listed: [[4242, 5, HASH]] },
    schemaHash: '0'.repeat(64),
    schema: {
      index: kind({ 'app.orders_pkey': '12' }),
      grant: kind({ 'table app.orders: SELECT to bi': 'granted' }),
    },
    globals: { role: kind({ bi: 'LOGIN' }) },
    ...more,
  });
}

const found = (
  actual: DatabaseFingerprint,
  expected = fingerprint(),
): Pick<Difference, 'severity' | 'message'>[] =>
  compareFingerprints(expected, actual).map(({ severity, message }) => ({ severity, message }));

describe('what was left out', () => {
  const leftOut = fingerprint({
    tables: [{ schema: 'app', name: 'orders', omitted: 'too-large', rows: 3, sizeBytes: 9 }],
  });

  it('is reported as not compared, on either side and on both, and never as the same', () => {
    for (const [expected, actual] of [
      [fingerprint(), leftOut],
      [leftOut, fingerprint()],
      [leftOut, leftOut],
    ] as const) {
      const differences = compareFingerprints(expected, actual);
      expect(differences.map(({ severity, object }) => [severity, object])).toEqual([
        ['not-compared', '"app"."orders"'],
      ]);
      expect(differences[0]?.message).toMatch(/left out: too-large.*both have 3 rows/);
    }
  });

  it('still is an error when the rows were counted and differ', () => {
    const fewer = fingerprint({ tables: [{ schema: 'app', name: 'orders', rows: 2, hash: HASH }] });
    expect(found(fewer, leftOut)).toEqual([
      { severity: 'error', message: 'rows "app"."orders" differs: expected 3 rows, found 2 rows' },
    ]);
  });

  it('holds for large objects too', () => {
    const counted = fingerprint({ largeObjects: { count: 1, omitted: 'left-out-by-configuration' } });
    expect(found(counted, counted)).toMatchObject([{ severity: 'not-compared' }]);
    const more = fingerprint({ largeObjects: { count: 2, omitted: 'left-out-by-configuration' } });
    expect(found(more, counted)).toMatchObject([{ severity: 'error' }]);
    const none = fingerprint({ largeObjects: { count: 0, omitted: 'left-out-by-configuration' } });
    expect(found(none, none)).toEqual([]);
  });
});

describe('a difference', () => {
  it.each<[string, Partial<DatabaseFingerprint>, Pick<Difference, 'severity' | 'message'>]>([
    [
      'a table that is not there',
      { tables: [] },
      { severity: 'error', message: 'table content "app"."orders" is missing (expected is there)' },
    ],
    [
      'a table with other content',
      { tables: [{ schema: 'app', name: 'orders', rows: 3, hash: OTHER_HASH }] },
      { severity: 'error', message: `content "app"."orders" differs: expected ${HASH}, found ${OTHER_HASH}` },
    ],
    [
      'an index that is missing',
      { schema: { ...fingerprint().schema, index: kind({}, '2'.repeat(64)) } },
      { severity: 'error', message: 'index app.orders_pkey is missing (expected 12)' },
    ],
    [
      'the last grant that was lost',
      { schema: { index: fingerprint().schema['index']! } },
      { severity: 'error', message: 'grant table app.orders: SELECT to bi is missing (expected granted)' },
    ],
    [
      'an index that should not be there',
      {
        schema: {
          ...fingerprint().schema,
          index: kind({ 'app.orders_pkey': '12', 'app.x': '34' }, '2'.repeat(64)),
        },
      },
      { severity: 'error', message: 'index app.x is there and should not be (found 34)' },
    ],
    [
      'an object among too many to list',
      { schema: { ...fingerprint().schema, index: kind(undefined, '2'.repeat(64)) } },
      {
        severity: 'error',
        message: `index one of too many to list differs: expected 1 objects, ${'1'.repeat(16)}, found 30000 objects, ${'2'.repeat(16)}`,
      },
    ],
    [
      'a large object',
      {
        largeObjects: {
          count: 1,
          sizeBytes: 5,
          hash: OTHER_HASH,
          attributesHash: HASH,
          listed: [[4242, 5, OTHER_HASH]],
        },
      },
      {
        severity: 'error',
        message: `large object 4242 differs: expected 5 bytes, ${HASH}, found 5 bytes, ${OTHER_HASH}`,
      },
    ],
    [
      'large objects that too many are to list',
      { largeObjects: { count: 1, sizeBytes: 5, hash: OTHER_HASH, attributesHash: HASH } },
      {
        severity: 'error',
        message: `large object all large objects differs: expected ${HASH}, found ${OTHER_HASH}`,
      },
    ],
    [
      "a large object's owner or grants",
      {
        largeObjects: {
          count: 1,
          sizeBytes: 5,
          hash: HASH,
          attributesHash: OTHER_HASH,
          listed: [[4242, 5, HASH]],
        },
      },
      {
        severity: 'error',
        message: `large object attributes all large objects differs: expected ${HASH}, found ${OTHER_HASH}`,
      },
    ],
    [
      'a sequence that moved',
      { sequences: [{ schema: 'app', name: 's', lastValue: '4', isCalled: true, direction: 1 }] },
      { severity: 'error', message: 'sequence "app"."s" differs: expected 3, found 4' },
    ],
    [
      'another encoding',
      { database: { ...fingerprint().database, encoding: 'LATIN1' } },
      { severity: 'error', message: 'database encoding differs: expected UTF8, found LATIN1' },
    ],
    [
      'a role of the server that is missing',
      { globals: {} },
      { severity: 'warning', message: 'role bi is missing (expected LOGIN)' },
    ],
    [
      'another time zone for new sessions',
      { server: { ...fingerprint().server, settings: { TimeZone: 'Europe/Vienna' } } },
      { severity: 'warning', message: 'setting TimeZone differs: expected UTC, found Europe/Vienna' },
    ],
  ])('is named: %s', (_, more, expected) => {
    expect(found(fingerprint(more))).toEqual([expected]);
  });

  it('in spelling is only a warning between major versions; a missing object is an error still', () => {
    const spelt = { ...fingerprint().schema, index: kind({ 'app.orders_pkey': '99' }, '2'.repeat(64)) };
    const gone = { ...fingerprint().schema, index: kind({}, '2'.repeat(64)) };
    const server = { ...fingerprint().server, versionNumber: 160009 };
    expect(found(fingerprint({ schema: spelt, server })).map(({ severity }) => severity)).toEqual([
      'warning',
      'warning',
    ]);
    expect(found(fingerprint({ schema: gone, server })).map(({ severity }) => severity)).toEqual([
      'warning',
      'error',
    ]);
  });

  it('can be expected, and is then not reported', () => {
    const without = fingerprint({ schema: { index: fingerprint().schema['index']! } });
    expect(compareFingerprints(fingerprint(), without, { ignore: ['grant', 'owner'] })).toEqual([]);
  });
});

it('finds nothing in what has every right to differ: name, size, time, position, capacity, minor version', () => {
  const restored = fingerprint({
    takenAt: '2026-11-24T02:00:00.000Z',
    durationMs: 1,
    databaseSizeBytes: 5,
    walPosition: '9/9',
    database: { ...fingerprint().database, name: 'app_restored', owner: 'master' },
    server: { version: '17.6', versionNumber: 170006, settings: { TimeZone: 'UTC', max_connections: '20' } },
  });
  expect(found(restored)).toEqual([]);
});
