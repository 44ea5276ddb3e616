import { differences } from '../../../../core/secrets/rotation/role-difference';
import { roleStatements } from '../../../../core/secrets/rotation/role-sql';
import type { Membership, RoleState } from '../../../../core/secrets/rotation/role-state';

const before = roleStatements(150_018);
const since = roleStatements(160_000);
const plain: Membership = { admin: false, grantors: ['golive_admin'] };
const full: Membership = { admin: false, inherit: true, set: true, grantors: ['golive_admin'] };

describe('a membership', () => {
  test('before PostgreSQL 16 is granted without options, of which there are none', () => {
    expect(before.grantMembership('golive_owner', 'app', plain, undefined)).toEqual([
      'GRANT "golive_owner" TO "app"',
    ]);
    expect(before.grantMembership('golive_owner', 'app', { ...plain, admin: true }, undefined)).toEqual([
      'GRANT "golive_owner" TO "app" WITH ADMIN OPTION',
    ]);
    expect(before.grantMembership('golive_owner', 'app', plain, { ...plain, admin: true })).toEqual([
      'REVOKE ADMIN OPTION FOR "golive_owner" FROM "app"',
    ]);
    expect(before.revokeMembership('golive_owner', 'app', plain)).toEqual([
      'REVOKE "golive_owner" FROM "app"',
    ]);
  });

  test('since PostgreSQL 16 says whether it is inherited and whether one may SET ROLE', () => {
    expect(since.grantMembership('golive_owner', 'app', full, undefined)).toEqual([
      'GRANT "golive_owner" TO "app" WITH ADMIN FALSE, INHERIT TRUE, SET TRUE',
    ]);
    expect(
      since.grantMembership('pg_read_all_data', 'app', { ...full, inherit: false, set: false }, undefined),
    ).toEqual(['GRANT "pg_read_all_data" TO "app" WITH ADMIN FALSE, INHERIT FALSE, SET FALSE']);
  });

  test('since PostgreSQL 16 is revoked once for each who granted it', () => {
    expect(since.revokeMembership('r', 'app', { ...full, grantors: ['golive_admin', 'o"k'] })).toEqual([
      'REVOKE "r" FROM "app" GRANTED BY "golive_admin"',
      'REVOKE "r" FROM "app" GRANTED BY "o""k"',
    ]);
  });
});

test('names and values are quoted', () => {
  expect(before.create('o"k', "SCRAM-SHA-256$4096:a'b")).toBe(
    `CREATE ROLE "o""k" LOGIN PASSWORD 'SCRAM-SHA-256$4096:a''b'`,
  );
  expect(before.set('o"k', { database: 'd"b', name: 'app.te"nant', value: "it's" })).toEqual([
    `ALTER ROLE "o""k" IN DATABASE "d""b" SET "app"."te""nant" TO 'it''s'`,
  ]);
});

test('an attribute that is the same is not named, for some may not even be', () => {
  expect(before.alter('app', { connectionLimit: 7 })).toBe('ALTER ROLE "app" CONNECTION LIMIT 7');
  expect(before.alter('app', { inherit: false })).toBe('ALTER ROLE "app" NOINHERIT');
  expect(before.alter('app', { validUntil: 'infinity' })).toBe(`ALTER ROLE "app" VALID UNTIL 'infinity'`);
});

describe('two roles', () => {
  const state = (memberships: Record<string, Membership>): RoleState => ({
    attributes: {
      login: true,
      inherit: true,
      createDb: false,
      createRole: false,
      replication: false,
      bypassRls: false,
      connectionLimit: -1,
      validUntil: 'infinity',
    },
    memberships: new Map(Object.entries(memberships)),
    settings: new Map(),
    grants: new Map(),
  });
  const told = (mine: Record<string, Membership>, example: Record<string, Membership>) =>
    differences({ name: 'app_clone', state: state(mine), likeName: 'app', like: state(example) }, since).map(
      ({ what, is }) => `${what}: ${is}`,
    );

  test('that are alike have no differences, whoever granted what', () => {
    expect(told({ r: full }, { r: { ...full, grantors: ['somebody'] } })).toEqual([]);
  });

  test('are not told that one belongs to the other, as other rotations have it', () => {
    expect(told({ app: full }, {})).toEqual([]);
    expect(told({}, { app_clone: full })).toEqual([]);
  });

  test.each([
    ['SET', { ...full, set: false }],
    ['INHERIT', { ...full, inherit: false }],
    ['ADMIN', { ...full, admin: true }],
  ])('since PostgreSQL 16 differ by %s of a membership alone', (_, mine) => {
    expect(told({ r: mine }, { r: full })).toEqual(['member of "r": different']);
  });
});
