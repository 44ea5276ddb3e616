import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { escapeIdentifier, type Client } from 'pg';
import type { Manifest } from '../../../core/backup/manifest';
import { restoreDump } from '../../../core/backup/restore/restore-dump';
import { createSideDatabase, setMark } from '../../../core/backup/restore/side-database';
import { swapIn } from '../../../core/backup/restore/swap';
import { MIGRATION_LOCK } from '../../../core/postgres/migration-lock';
import { withLibpqEnvironment } from '../../../core/postgres/libpq';
import { outputOf } from '../../../core/postgres/program';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import { asOwner, bootstrapRoles, removeRoles, type BootstrapRoles } from '../../../core/secrets/bootstrap';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';

const PASSWORD = `all of it: '"\\/@ $%&#;?<>{}[]()|^~!*+=,-_.:\``;

describe('the roles of a database', () => {
  let postgres: LocalPostgres;
  let databases = 0;

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(async () => {
    await postgres?.stop();
  });

  /** A database with role names of its own, because roles are the server's. */
  async function bootstrap(more: Partial<BootstrapRoles> = {}): Promise<BootstrapRoles> {
    databases++;
    const connect = await postgres.createDatabase(`roles_${databases}`);
    return {
      connect,
      owner: `owner_${databases}`,
      app: { username: `app_${databases}`, password: `${PASSWORD}a` },
      backup: { username: `backup_${databases}`, password: `${PASSWORD}b` },
      ...more,
    };
  }

  const as = (roles: BootstrapRoles, login: { username: string; password: string }): PostgresEndpoint => ({
    ...roles.connect,
    user: login.username,
    password: login.password,
  });

  const run = (endpoint: PostgresEndpoint, sql: string) =>
    postgres.query(endpoint, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);

  const superuserIn = ({ connect }: BootstrapRoles) => ({
    ...postgres.superuser,
    database: connect.database,
  });

  test('a role that is more than its purpose is refused, and nothing is made', async () => {
    const roles = await bootstrap();
    await run(superuserIn(roles), `CREATE ROLE "${roles.app.username}" SUPERUSER LOGIN`);
    await expect(bootstrapRoles(roles)).rejects.toMatchObject({ code: 'RolesRefusedError' });
    expect(await run(superuserIn(roles), `SELECT FROM pg_roles WHERE rolname = '${roles.owner}'`)).toEqual(
      [],
    );
  });

  test('a user who may make no roles is told so, and nothing of it stays', async () => {
    const roles = await bootstrap();
    await run(superuserIn(roles), `CREATE ROLE powerless_${databases} LOGIN PASSWORD 'p'`);
    const connect = { ...roles.connect, user: `powerless_${databases}`, password: 'p' };
    const error = await bootstrapRoles({ ...roles, connect }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RolesNotMadeError' });
    expect((error as Error).message).toMatch(/CREATE ROLE "owner_\d+" NOLOGIN: error: permission denied/);
    expect(String(error)).not.toContain(PASSWORD);
  });

  test('who may make roles and not grant on the database is told what is missing: the server only warns', async () => {
    const roles = await bootstrap();
    await run(superuserIn(roles), `CREATE ROLE maker_${databases} CREATEROLE LOGIN PASSWORD 'p'`);
    await run(
      superuserIn(roles),
      `GRANT CONNECT ON DATABASE "${roles.connect.database}" TO maker_${databases}`,
    );
    const connect = { ...roles.connect, user: `maker_${databases}`, password: 'p' };
    await expect(bootstrapRoles({ ...roles, connect })).rejects.toThrow(
      /GRANT CREATE, CONNECT, TEMPORARY ON DATABASE/,
    );
  });

  test('a second time changes nothing, nor does it with two at once', async () => {
    const roles = await bootstrap();
    const both = await Promise.all([bootstrapRoles(roles), bootstrapRoles(roles)]);
    expect(both.map(({ changes }) => changes.length).sort()).toEqual([0, 11]);
    expect((await bootstrapRoles(roles)).changes).toEqual([]);
  });

  test('the master is told of what it may not give, and why it matters', async () => {
    const roles = await bootstrap();
    await run(
      roles.connect,
      `CREATE TABLE rows_apart (id int); ALTER TABLE rows_apart ENABLE ROW LEVEL SECURITY; SELECT lo_create(0)`,
    );
    const { notes } = await bootstrapRoles(roles);
    expect(notes).toEqual([
      expect.stringMatching(
        /^2 objects of "golive_admin" \(.*table rows_apart.*\) in this database are not the owner's/,
      ),
      expect.stringMatching(/may not bypass row-level security.*1 table of this database has it/),
      expect.stringMatching(/may not read 1 large object/),
    ]);
  });

  test('both app logins use what the other made, and all of it is the owner’s', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    const clone = { username: `${roles.app.username}_clone`, password: 'p' };
    // As a rotation does.
    await run(roles.connect, `CREATE ROLE "${clone.username}" LOGIN PASSWORD 'p' IN ROLE "${roles.owner}"`);
    await run(roles.connect, `ALTER ROLE "${clone.username}" SET role = '${roles.owner}'`);
    await run(
      as(roles, roles.app),
      'CREATE SCHEMA shop; CREATE TABLE shop.one (id int); CREATE TEMPORARY TABLE t ()',
    );
    await run(as(roles, clone), 'ALTER TABLE shop.one ADD name text; CREATE TABLE two (id int)');
    await run(as(roles, roles.app), `INSERT INTO shop.one VALUES (1, 'x'); DROP TABLE two`);
    const owners = await run(
      roles.connect,
      `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'shop'`,
    );
    expect(owners).toEqual([{ tableowner: roles.owner }]);
    // A rotation later the secret names the other, and its password is right.
    expect((await bootstrapRoles({ ...roles, app: clone })).changes).toEqual([]);
  });

  test('a migration runs as the owner, as whoever it logs in', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    await postgres.query(roles.connect, (client: Client) =>
      asOwner(client, roles.owner, (session) => session.query('CREATE TABLE migrated ()')),
    );
    expect(await run(roles.connect, `SELECT tableowner FROM pg_tables WHERE tablename = 'migrated'`)).toEqual(
      [{ tableowner: roles.owner }],
    );
  });

  test('the backup login reads everything, dumps it under the migration lock, and writes nothing', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    await run(
      as(roles, roles.app),
      'CREATE SCHEMA s; CREATE TABLE s.t (id serial); INSERT INTO s.t DEFAULT VALUES',
    );
    const endpoint = as(roles, roles.backup);
    await expect(run(endpoint, 'INSERT INTO s.t DEFAULT VALUES')).rejects.toThrow(/read-only transaction/);
    const writable = 'SET TRANSACTION READ WRITE; ';
    await expect(run(endpoint, `${writable} DELETE FROM s.t`)).rejects.toThrow(
      /permission denied for table t/,
    );
    await expect(run(endpoint, `${writable} CREATE TABLE s.mine ()`)).rejects.toThrow(/permission denied/);
    await expect(run(endpoint, `SET ROLE "${roles.owner}"`)).rejects.toThrow(/permission denied to set role/);
    const dump = await postgres.query(endpoint, async (client) => {
      await client.query('SELECT pg_advisory_lock_shared($1, $2)', [
        MIGRATION_LOCK.classId,
        MIGRATION_LOCK.objectId,
      ]);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
      return await withLibpqEnvironment(endpoint, 'test', (environment) =>
        outputOf({
          name: 'pg_dump',
          args: [`--snapshot=${rows[0]!.id}`, '--no-password'],
          environment: { ...environment, PATH: postgres.binFolder },
        }),
      );
    });
    expect(dump).toMatchObject({ exitCode: 0, stderr: '' });
    expect(dump.stdout).toContain('COPY s.t');
  });

  test('a password that does not log in becomes the secret’s; one that a rotation has just set is left', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    await run(roles.connect, `ALTER ROLE "${roles.backup.username}" PASSWORD 'half-way' NOLOGIN`);
    const pending = { username: roles.backup.username, password: 'half-way' };
    const underWay = await bootstrapRoles({ ...roles, backup: { ...roles.backup, pending } });
    expect(underWay.changes).toEqual([`ALTER ROLE "${roles.backup.username}" LOGIN`]);
    const lost = await bootstrapRoles(roles);
    expect(lost.changes).toEqual([`ALTER ROLE "${roles.backup.username}" PASSWORD of the secret`]);
    expect(await run(as(roles, roles.backup), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a setting of the database that lets sessions act as somebody else is found', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    const { username } = roles.app;
    const inDatabase = `ALTER ROLE "${username}" IN DATABASE "${roles.connect.database}"`;
    await run(roles.connect, `${inDatabase} SET role = 'none'`);
    await expect(bootstrapRoles(roles)).rejects.toThrow(
      new RegExp(`a session of "${username}" acts as "${username}", not as "${roles.owner}"`),
    );
  });

  test('what was made before is taken over when asked, and the databases stay the master’s', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    const other = await postgres.createDatabase(`roles_${databases}_other`);
    await run(other, `GRANT TEMPORARY ON DATABASE "${other.database}" TO "${roles.owner}"`);
    await run(
      roles.connect,
      'CREATE TABLE by_master (id serial); CREATE TYPE mood AS ENUM (); SELECT lo_create(0)',
    );
    await run(as(roles, roles.app), 'SET ROLE NONE; CREATE TABLE by_app ()');
    const { changes } = await bootstrapRoles({ ...roles, adoptObjects: true });
    expect(changes).toEqual([
      expect.stringMatching(/owns 1 object of "app_\d+" \(table by_app\) now/),
      expect.stringMatching(/owns 4 objects of "golive_admin"/),
    ]);
    expect(
      await run(
        superuserIn(roles),
        `SELECT DISTINCT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname LIKE 'roles_${databases}%'`,
      ),
    ).toEqual([{ owner: 'golive_admin' }]);
    expect(
      await run(
        superuserIn(roles),
        `SELECT has_database_privilege('${roles.owner}', '${other.database}', 'TEMPORARY') AS other,
          pg_has_role('golive_admin', '${roles.app.username}', 'MEMBER') AS borrowed`,
      ),
    ).toEqual([{ other: true, borrowed: false }]);
    expect(await bootstrapRoles({ ...roles, adoptObjects: true })).toMatchObject({
      changes: [],
      notes: [expect.stringContaining('row-level security'), expect.stringContaining('large object')],
    });
  });

  /** As `golive restore` does, from a vault of one archive. */
  async function restoreInto(target: PostgresEndpoint, from: PostgresEndpoint): Promise<void> {
    const dump = await withLibpqEnvironment(from, 'test', (environment) =>
      promisify(execFile)(join(postgres.binFolder, 'pg_dump'), ['-Fc', '--no-password'], {
        env: environment,
        encoding: 'buffer',
      }),
    );
    const s3 = mockClient(S3Client);
    s3.on(GetObjectCommand).callsFake(() => ({ Body: Readable.from([dump.stdout]) }));
    const archive = {
      key: 'archive',
      format: 'custom',
      clientVersion: postgres.version,
      bytes: dump.stdout.length,
      sha256: createHash('sha256').update(dump.stdout).digest('hex'),
    };
    const source = { serverVersionNumber: 150000, sizeBytes: 1 };
    const manifest = { source, archive } as unknown as Manifest;
    const s3Client = new S3Client({});
    await restoreDump({ s3: s3Client, bucket: 'vault', manifest, target, path: postgres.binFolder, jobs: 2 });
    s3.restore();
  }

  test('a database that was restored beside and renamed is the services’ as before', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    await run(as(roles, roles.app), 'CREATE TABLE kept AS SELECT 1 AS one');
    await run(roles.connect, `REVOKE ALL ON DATABASE "${roles.connect.database}" FROM PUBLIC`);
    const live = roles.connect.database;
    await postgres.query({ ...roles.connect, database: 'postgres' }, async (maintenance) => {
      const mark = { restoreId: 'r1', backupId: 'b1', live, since: new Date().toISOString() };
      const side = await createSideDatabase(maintenance, mark);
      await restoreInto({ ...roles.connect, database: side.name }, roles.connect);
      const verified = await setMark(maintenance, side.name, { ...side.mark, state: 'verified' });
      await swapIn(maintenance, verified, new Date());
    });
    await run(
      as(roles, roles.app),
      'INSERT INTO kept VALUES (2); CREATE SCHEMA more; CREATE TABLE another ()',
    );
    expect(await run(as(roles, roles.backup), 'SELECT one FROM kept')).toEqual([{ one: 1 }, { one: 2 }]);
    expect((await bootstrapRoles(roles)).changes).toEqual([]);
  });

  test('another owner is made beside the first, which keeps what it owns', async () => {
    const roles = await bootstrap();
    await bootstrapRoles(roles);
    await run(as(roles, roles.app), 'CREATE TABLE kept ()');
    const renamed = { ...roles, owner: `${roles.owner}_new` };
    const { changes } = await bootstrapRoles(renamed);
    expect(changes).toContain(`ALTER ROLE "${roles.app.username}" SET "role" = '${renamed.owner}'`);
    expect(await run(as(roles, roles.app), 'SELECT current_user AS role')).toEqual([{ role: renamed.owner }]);
    expect(await run(roles.connect, `SELECT tableowner FROM pg_tables WHERE tablename = 'kept'`)).toEqual([
      { tableowner: roles.owner },
    ]);
  });

  describe('taken back', () => {
    const remove = (roles: BootstrapRoles) =>
      removeRoles({ connect: roles.connect, owner: roles.owner, backupUsername: roles.backup.username });

    test('go when they own nothing, and again is no failure', async () => {
      const roles = await bootstrap();
      await bootstrapRoles(roles);
      expect((await remove(roles)).changes).toEqual([
        `dropped role "${roles.app.username}"`,
        `dropped role "${roles.backup.username}"`,
        `dropped role "${roles.owner}"`,
      ]);
      expect(await remove(roles)).toEqual({ changes: [], notes: [] });
    });

    test('stay without their login where something is theirs, in whatever database, and no data goes', async () => {
      const roles = await bootstrap();
      await bootstrapRoles(roles);
      await run(as(roles, roles.app), 'CREATE TABLE kept AS SELECT 1 AS one');
      const elsewhere = await postgres.createDatabase(`roles_${databases}_elsewhere`);
      await run(
        superuserIn({ ...roles, connect: elsewhere }),
        `CREATE SCHEMA own AUTHORIZATION ${escapeIdentifier(roles.app.username)}`,
      );
      const { notes } = await remove(roles);
      expect(notes).toEqual([
        expect.stringContaining(`role "${roles.app.username}" stays`),
        expect.stringContaining(`role "${roles.owner}" stays`),
      ]);
      await expect(run(as(roles, roles.app), 'SELECT')).rejects.toThrow(/not permitted to log in/);
      expect(await run(superuserIn(roles), 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    });
  });
});
