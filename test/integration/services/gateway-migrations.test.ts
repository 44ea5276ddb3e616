import { mkdtemp, rm, writeFile, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { MIGRATION_LOCK } from '../../../core/postgres/migration-lock';
import { postgresClient } from '../../../core/postgres/endpoint';
import {
  MigrationChangedError,
  MigrationFailedError,
  MigrationLockedError,
} from '../../../services/gateway/src/migrations/errors';
import { runMigrations } from '../../../services/gateway/src/migrations/run-migrations';
import { differencesFromPrisma } from '../../services/gateway/support/prisma-differences';
import { MIGRATIONS, OWNER, startGatewayWorld, type GatewayWorld } from './gateway-world';

let world: GatewayWorld;
let folder: string;
const clients: Client[] = [];

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world?.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'golive-migrations-'));
  await cp(MIGRATIONS, folder, { recursive: true });
  const sql = `DROP SCHEMA IF EXISTS golive CASCADE`;
  await world.postgres.query(inDatabase(), (client) => client.query(sql));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await rm(folder, { recursive: true });
});

const inDatabase = () => ({ ...world.postgres.superuser, database: world.postgres.master.database });
/** A session of the services' login: runs act as the owner by themselves. */
async function session(): Promise<Client> {
  const { username: user, password } = JSON.parse(
    world.memory.at(world.arns.database, 'AWSCURRENT')!.value!,
  ) as { username: string; password: string };
  const client = await postgresClient({ ...world.postgres.master, user, password }, 'golive-migrations');
  await client.connect();
  clients.push(client);
  return client;
}
const migrate = async (waitMs?: number) =>
  await runMigrations({
    client: await session(),
    folder,
    owner: OWNER,
    log: { info: () => undefined },
    lockTimeoutMs: 300,
    ...(waitMs !== undefined && { waitMs }),
  });
const write = (name: string, sql: string) => writeFile(join(folder, name), sql);
const look = async <R extends object>(sql: string): Promise<R[]> =>
  (await world.postgres.query(inDatabase(), (client) => client.query<R>(sql))).rows;
const applied = async () =>
  (await look<{ version: string }>('SELECT version FROM golive.migrations ORDER BY version')).map(
    ({ version }) => Number(version),
  );
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe('a migration that fails', () => {
  test('says its file, the server’s code and the reason, and leaves nothing', async () => {
    await write('002.do.half.sql', 'CREATE TABLE golive.half (id int); SELECT 1 / 0;');
    await write('003.do.never.sql', 'CREATE TABLE golive.never (id int);');
    const error = await failureOf(migrate());
    expect(error).toBeInstanceOf(MigrationFailedError);
    expect(error).toMatchObject({ file: '002.do.half.sql', sqlState: '22012' });
    expect(error!.message).toContain('002.do.half.sql failed: SQLSTATE 22012: error: division by zero');
    expect(await applied()).toEqual([0, 1]);
    expect(
      await look(`SELECT 1 FROM pg_tables WHERE schemaname = 'golive' AND tablename IN ('half', 'never')`),
    ).toEqual([]);
    // Corrected, it goes on where it stopped.
    await write('002.do.half.sql', 'CREATE TABLE golive.half (id int);');
    expect(await migrate()).toEqual({ from: 1, to: 3, files: ['002.do.half.sql', '003.do.never.sql'] });
  });

  test('while it builds an index beside the work leaves no broken one', async () => {
    await migrate();
    await write(
      '002.do.index.sql',
      '-- outside a transaction: a full table\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS twice ON golive.users (lower(name));',
    );
    await look(
      `INSERT INTO golive.users (id, email, name, password_hash) VALUES (gen_random_uuid(), 'a@b.c', 'x', ''), (gen_random_uuid(), 'd@e.f', 'X', '')`,
    );
    expect(await failureOf(migrate())).toMatchObject({ sqlState: '23505' });
    expect(await look(`SELECT 1 FROM pg_class WHERE relname = 'twice'`)).toEqual([]);
    await look('DELETE FROM golive.users');
    expect((await migrate()).files).toEqual(['002.do.index.sql']);
    expect(await look(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'golive.twice'::regclass`)).toEqual(
      [{ indisvalid: true }],
    );
  });

  test('because somebody holds a lock gives up before everybody waits behind it', async () => {
    await migrate();
    await write('002.do.column.sql', 'ALTER TABLE golive.projects ADD COLUMN owner text;');
    const error = await world.postgres.query(inDatabase(), async (client) => {
      await client.query('BEGIN; SELECT count(*) FROM golive.projects');
      return await failureOf(migrate());
    });
    expect(error).toMatchObject({ sqlState: '55P03' });
    expect(error!.message).toContain('somebody holds a lock');
  });

  test('because its file was changed after it was run is told so, and runs nothing', async () => {
    await migrate();
    await write('001.do.projects-and-deployments.sql', 'SELECT 1;');
    await write('002.do.next.sql', 'CREATE TABLE golive.next (id int);');
    expect(await failureOf(migrate())).toBeInstanceOf(MigrationChangedError);
    expect(await applied()).toEqual([0, 1]);
  });
});

test('several at once: one does the work, and nothing is done twice', async () => {
  await write(
    '002.do.index.sql',
    '-- outside a transaction: a full table\nCREATE INDEX CONCURRENTLY IF NOT EXISTS by_name ON golive.projects (name);',
  );
  const reports = await Promise.all([migrate(), migrate(), migrate()]);
  expect(reports.map(({ files }) => files.length).sort()).toEqual([0, 0, 2]);
  expect(new Set(reports.map(({ to }) => to))).toEqual(new Set([2]));
});

test('an older version leaves a newer database as it is', async () => {
  await write('002.do.more.sql', 'CREATE TABLE golive.more (id int);');
  await migrate();
  await rm(join(folder, '002.do.more.sql'));
  expect(await migrate()).toEqual({ from: 2, to: 2, files: [] });
  expect(await applied()).toEqual([0, 1, 2]);
});

test('while a dump reads, it waits, and no longer than it is told', async () => {
  await world.postgres.query(inDatabase(), async (client) => {
    await client.query('SELECT pg_advisory_lock_shared($1, $2)', [
      MIGRATION_LOCK.classId,
      MIGRATION_LOCK.objectId,
    ]);
    expect(await failureOf(migrate(10))).toBeInstanceOf(MigrationLockedError);
    const later = migrate();
    await client.query('SELECT pg_advisory_unlock_shared($1, $2)', [
      MIGRATION_LOCK.classId,
      MIGRATION_LOCK.objectId,
    ]);
    expect((await later).files).toHaveLength(1);
  });
  // And lets go of the lock.
  expect(await look(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory'`)).toEqual([]);
});

test('all that it makes belongs to the owner', async () => {
  await migrate();
  const owners = await look<{ owner: string }>(
    `SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace = 'golive'::regnamespace
     UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'golive'::regnamespace
     UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'golive'`,
  );
  expect(owners).toEqual([{ owner: OWNER }]);
});

test('what Prisma reads and writes is what there is', async () => {
  await migrate();
  expect(await world.postgres.query(inDatabase(), differencesFromPrisma)).toEqual([]);
  // And it would be told.
  await look(
    'ALTER TABLE golive.projects DROP COLUMN repository, ADD COLUMN owner text NOT NULL, ALTER name DROP NOT NULL',
  );
  await look(
    'DROP INDEX golive.deployments_state_idx; ALTER TABLE golive.sessions DROP CONSTRAINT sessions_user_id_fkey',
  );
  const told = await world.postgres.query(inDatabase(), differencesFromPrisma);
  expect(told.join('; ')).toMatch(/repository.*|name/);
  expect(
    told.filter((line) => /repository|owner|name|deployments_state_idx|sessions_user_id_fkey/.test(line)),
  ).toHaveLength(5);
});
