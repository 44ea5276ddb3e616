import { planRoles, setPassword, type WantedRoles } from '../../../../core/secrets/bootstrap/plan';
import { refuseDangers } from '../../../../core/secrets/bootstrap/refuse';
import { DatabaseRolesProperties } from '../../../../core/secrets/bootstrap';
import type { RolesState, RoleState } from '../../../../core/secrets/bootstrap/state';

const VERIFIER = 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy';

const wanted: WantedRoles = {
  owner: 'golive_owner',
  database: 'golive',
  app: { username: 'golive_app', verifier: VERIFIER },
  backup: { username: 'golive_backup', verifier: VERIFIER },
};

const role = (name: string, more: Partial<RoleState> = {}): [string, RoleState] => [
  name,
  {
    name,
    canLogin: true,
    inherits: true,
    isSuperuser: false,
    bypassesRowSecurity: false,
    settings: [],
    ...more,
  },
];

const empty = (serverVersionNumber: number): RolesState => ({
  serverVersionNumber,
  master: 'golive_admin',
  roles: new Map([role('golive_admin')]),
  memberships: [],
  databasePrivileges: new Set(),
  publicSchemaPrivileges: new Set(),
});

/** As a server is after a bootstrap. */
const complete = (serverVersionNumber: number): RolesState => ({
  ...empty(serverVersionNumber),
  roles: new Map([
    role('golive_admin'),
    role('golive_owner', { canLogin: false }),
    role('golive_app', { settings: ['role=golive_owner'] }),
    role('golive_backup', { settings: ['default_transaction_read_only=on'] }),
  ]),
  memberships: [
    { member: 'golive_admin', role: 'golive_owner', inherits: true, maySet: true },
    { member: 'golive_app', role: 'golive_owner', inherits: true, maySet: true },
    { member: 'golive_backup', role: 'pg_read_all_data', inherits: true, maySet: false },
  ],
  databasePrivileges: new Set([
    'golive_owner CREATE',
    'golive_owner CONNECT',
    'golive_owner TEMPORARY',
    'golive_backup CONNECT',
  ]),
  publicSchemaPrivileges: new Set(['golive_owner CREATE', 'golive_owner USAGE']),
});

const sql = (state: RolesState, roles = wanted) => planRoles(state, roles).map((change) => change.sql);

describe('the statements that make the roles', () => {
  it('are these on PostgreSQL 15', () => {
    expect(sql(empty(150018))).toEqual([
      'CREATE ROLE "golive_owner" NOLOGIN',
      'GRANT "golive_owner" TO "golive_admin"',
      'GRANT CREATE, CONNECT, TEMPORARY ON DATABASE "golive" TO "golive_owner"',
      'GRANT CREATE, USAGE ON SCHEMA "public" TO "golive_owner"',
      `CREATE ROLE "golive_app" LOGIN INHERIT PASSWORD '${VERIFIER}'`,
      'GRANT "golive_owner" TO "golive_app"',
      `ALTER ROLE "golive_app" SET "role" = 'golive_owner'`,
      `CREATE ROLE "golive_backup" LOGIN INHERIT PASSWORD '${VERIFIER}'`,
      'GRANT "pg_read_all_data" TO "golive_backup"',
      'GRANT CONNECT ON DATABASE "golive" TO "golive_backup"',
      'ALTER ROLE "golive_backup" SET "default_transaction_read_only" = on',
    ]);
  });

  it.each([160000, 170005, 180001])(
    'say on %i that the maker and the logins inherit and may act, which no membership there means by itself',
    (version) => {
      expect(sql(empty(version)).filter((text) => text.startsWith('GRANT "'))).toEqual([
        'GRANT "golive_owner" TO "golive_admin" WITH INHERIT TRUE, SET TRUE',
        'GRANT "golive_owner" TO "golive_app" WITH INHERIT TRUE, SET TRUE',
        'GRANT "pg_read_all_data" TO "golive_backup" WITH INHERIT TRUE, SET FALSE',
      ]);
    },
  );

  it('complete the membership that PostgreSQL 16 gives who makes a role, which neither inherits nor may act', () => {
    const state = complete(160000);
    const memberships = state.memberships.map((each) =>
      each.member === 'golive_admin' ? { ...each, inherits: false, maySet: false } : each,
    );
    expect(sql({ ...state, memberships })).toEqual([
      'GRANT "golive_owner" TO "golive_admin" WITH INHERIT TRUE, SET TRUE',
    ]);
  });

  it.each([150018, 160000])('are none on %i when all is there', (version) => {
    expect(sql(complete(version))).toEqual([]);
  });

  it('take from the owner the right to log in, and from the dumps’ login the membership in the owner', () => {
    const state = complete(150018);
    const roles = new Map([...state.roles, role('golive_owner')]);
    const memberships = [
      ...state.memberships,
      { member: 'golive_backup', role: 'golive_owner', inherits: true, maySet: true },
    ];
    expect(sql({ ...state, roles, memberships })).toEqual([
      'ALTER ROLE "golive_owner" NOLOGIN',
      'REVOKE "golive_owner" FROM "golive_backup"',
    ]);
  });

  it('grant nothing on a schema that is not there', () => {
    expect(sql({ ...empty(150018), publicSchemaPrivileges: undefined }).join()).not.toContain('SCHEMA');
  });

  it('quote names, and tell what they do without the verifier', () => {
    const hostile = { username: `o'app"; DROP ROLE x; --`, verifier: VERIFIER };
    const changes = planRoles(empty(150018), { ...wanted, owner: `o"w'ner`, app: hostile });
    expect(changes.map((change) => change.sql)).toEqual(
      expect.arrayContaining([
        `CREATE ROLE "o'app""; DROP ROLE x; --" LOGIN INHERIT PASSWORD '${VERIFIER}'`,
        `ALTER ROLE "o'app""; DROP ROLE x; --" SET "role" = 'o"w''ner'`,
      ]),
    );
    const told = [...changes, setPassword(hostile)].map(({ what }) => what).join('\n');
    expect(told).not.toContain('SCRAM');
    expect(told).toContain('CREATE ROLE "golive_backup" LOGIN INHERIT with the secret\'s password');
  });
});

describe('what is refused before anything is changed', () => {
  it.each([
    [
      'one name for owner and app',
      { ...wanted, owner: 'golive_app' },
      empty(150018),
      /owner and the login of services at once/,
    ],
    [
      'the master as the app',
      { ...wanted, app: { username: 'golive_admin' } },
      empty(150018),
      /services and the master at once/,
    ],
    [
      'one name for app and backup',
      { ...wanted, backup: { username: 'golive_app' } },
      empty(150018),
      /login of services and the login of dumps at once/,
    ],
    [
      'a superuser',
      wanted,
      { ...empty(150018), roles: new Map([role('golive_backup', { isSuperuser: true })]) },
      /"golive_backup" is a superuser/,
    ],
    [
      'an owner with the master’s rights, which its members would have too',
      wanted,
      {
        ...empty(150018),
        memberships: [{ member: 'golive_owner', role: 'rds_superuser', inherits: true, maySet: true }],
      },
      /"golive_owner" is a member of "rds_superuser"/,
    ],
  ])('%s', (_, names, state, message) => {
    expect(() => refuseDangers(state, names)).toThrow(message);
  });
});

describe('the properties of the custom resource', () => {
  const properties = {
    ServiceToken: 'arn:aws:lambda:…',
    MasterSecretArn: 'm',
    AppSecretArn: 'a',
    BackupSecretArn: 'b',
    Database: 'golive',
    Owner: 'golive_owner',
  };

  it('keep what is there unless told otherwise', () => {
    expect(DatabaseRolesProperties.parse(properties)).toMatchObject({
      AdoptObjects: false,
      OnDelete: 'keep',
    });
    expect(DatabaseRolesProperties.parse({ ...properties, AdoptObjects: 'true' }).AdoptObjects).toBe(true);
  });

  it.each([
    ['a name that PostgreSQL would cut', { Owner: 'ü'.repeat(32) }],
    ['no name', { Owner: '' }],
    ['a word that is no answer', { AdoptObjects: 'perhaps' }],
  ])('refuse %s', (_, wrong) => {
    expect(DatabaseRolesProperties.safeParse({ ...properties, ...wrong }).success).toBe(false);
  });
});
