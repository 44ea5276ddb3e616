import { escapeIdentifier, type Client } from 'pg';
import {
  createSideDatabase,
  dropSideDatabase,
  listSideDatabases,
  RestoreStateError,
  setMark,
  sideDatabaseName,
} from '../../../core/backup/restore/side-database';
import { reopen, swapIn, undoSwap } from '../../../core/backup/restore/swap';
import { postgresClient } from '../../../core/postgres/endpoint';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';

const now = new Date('2026-11-23T03:00:00Z');
const LIVE = 'shop "ü"';

describe('swapping a restored database in', () => {
  let postgres: LocalPostgres;
  let maintenance: Client;

  beforeAll(async () => {
    postgres = await startPostgres({ database: LIVE });
    maintenance = await connect('postgres');
  });

  afterAll(async () => {
    await maintenance?.end();
    await postgres?.stop();
  });

  async function connect(database: string): Promise<Client> {
    const client = await postgresClient({ ...postgres.master, database }, 'test');
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async function sayWhoYouAre(database: string, word: string): Promise<void> {
    await postgres.query({ ...postgres.master, database }, async (client) => {
      await client.query('CREATE TABLE IF NOT EXISTS identity (word text)');
      await client.query('INSERT INTO identity VALUES ($1)', [word]);
    });
  }

  async function whoAreYou(database: string): Promise<string> {
    return await postgres.query({ ...postgres.master, database }, async (client) => {
      const { rows } = await client.query<{ word: string }>(
        'SELECT string_agg(word, $1) AS word FROM identity',
        ['+'],
      );
      return rows[0]?.word ?? '';
    });
  }

  async function verifiedSide(restoreId: string) {
    const made = await createSideDatabase(maintenance, {
      restoreId,
      backupId: '20261123T020000Z',
      live: LIVE,
      since: now.toISOString(),
    });
    return await setMark(maintenance, made.name, { ...made.mark, state: 'verified' });
  }

  beforeEach(async () => {
    for (const side of await listSideDatabases(maintenance, LIVE)) await dropSideDatabase(maintenance, side);
    await postgres.query({ ...postgres.master, database: LIVE }, async (client) => {
      await client.query('DROP TABLE IF EXISTS identity');
    });
    await sayWhoYouAre(LIVE, 'old');
  });

  it('refuses a database that is not verified, and changes nothing', async () => {
    const half = await createSideDatabase(maintenance, {
      restoreId: 'half',
      backupId: '20261123T020000Z',
      live: LIVE,
      since: now.toISOString(),
    });
    await expect(swapIn(maintenance, half, now)).rejects.toThrow(/is restoring, not verified/);
    expect(await whoAreYou(LIVE)).toBe('old');
  });

  it('replaces the live database while a client is connected, and keeps the old one', async () => {
    const side = await verifiedSide('r1');
    await sayWhoYouAre(side.name, 'new');
    const bystander = await connect(LIVE);
    const result = await swapIn(maintenance, side, now);
    expect(result.terminated).toBeGreaterThanOrEqual(1);
    await expect(bystander.query('SELECT 1')).rejects.toThrow();
    expect(await whoAreYou(LIVE)).toBe('new');
    expect(await whoAreYou(result.retired!.name)).toBe('old');
    expect((await listSideDatabases(maintenance, LIVE)).map(({ mark }) => mark.state)).toEqual(['retired']);
  });

  it('is undone with one call, and a second call changes nothing', async () => {
    const side = await verifiedSide('r2');
    await sayWhoYouAre(side.name, 'new');
    await swapIn(maintenance, side, now);
    await undoSwap(maintenance, LIVE, 'r2', now);
    expect(await whoAreYou(LIVE)).toBe('old');
    expect(await undoSwap(maintenance, LIVE, 'r2', now)).toBe('already-undone');
    expect(await whoAreYou(LIVE)).toBe('old');
  });

  it('keeps what belongs to the database and not to its content: grants, settings, limit and comment', async () => {
    const name = escapeIdentifier(LIVE);
    await maintenance.query('CREATE ROLE "Reader ""1"""');
    await maintenance.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
    await maintenance.query(`GRANT CONNECT, CREATE ON DATABASE ${name} TO "Reader ""1"""`);
    await maintenance.query(`ALTER DATABASE ${name} SET search_path TO "$user", "Odd, one", public`);
    await maintenance.query(`ALTER DATABASE ${name} SET application_name TO 'it''s, fine'`);
    await maintenance.query(`ALTER ROLE "Reader ""1""" IN DATABASE ${name} SET statement_timeout TO '7s'`);
    await maintenance.query(`ALTER DATABASE ${name} CONNECTION LIMIT 40`);
    await maintenance.query(`COMMENT ON DATABASE ${name} IS 'the shop''s own'`);
    const before = await propertiesOf(LIVE);
    expect(before).toMatchObject({ limit: 40, comment: "the shop's own" });
    expect(before.settings).toHaveLength(3);

    const side = await verifiedSide('r7');
    const swapped = await swapIn(maintenance, side, now);
    expect(swapped.notCarried).toEqual([]);
    expect(await propertiesOf(LIVE)).toEqual(before);

    await undoSwap(maintenance, LIVE, 'r7', now);
    expect(await propertiesOf(LIVE)).toEqual(before);
    await maintenance.query(`ALTER DATABASE ${name} RESET ALL`);
    await maintenance.query(`COMMENT ON DATABASE ${name} IS NULL`);
  });

  it('names what it could not carry, without the value, and swaps all the same', async () => {
    const name = escapeIdentifier(LIVE);
    await postgres.query(postgres.superuser, (client) =>
      client.query(`ALTER DATABASE ${name} SET log_min_messages TO 'debug5'`),
    );
    const side = await verifiedSide('r8');
    const { notCarried } = await swapIn(maintenance, side, now);
    expect(notCarried).toEqual([
      expect.stringMatching(/^setting log_min_messages of the database: .*permission denied/),
    ]);
    expect(notCarried.join()).not.toContain('debug5');
  });

  async function propertiesOf(database: string) {
    const { rows } = await maintenance.query<{
      grants: string[];
      settings: string[];
      limit: number;
      comment: string;
    }>(
      `SELECT ARRAY(SELECT a::text FROM unnest(d.datacl) AS a ORDER BY 1) AS grants,
          ARRAY(SELECT s.setrole::regrole || ' ' || c FROM pg_db_role_setting s, unnest(s.setconfig) AS c
            WHERE s.setdatabase = d.oid ORDER BY 1) AS settings,
          d.datconnlimit AS limit, shobj_description(d.oid, 'pg_database') AS comment
        FROM pg_database d WHERE datname = $1`,
      [database],
    );
    return rows[0]!;
  }

  it('leaves the live database open and in place when the swap fails half-way', async () => {
    const side = await verifiedSide('r3');
    const inTheWay = sideDatabaseName(LIVE, 'before', 'r3');
    await maintenance.query(`CREATE DATABASE "${inTheWay.replaceAll('"', '""')}"`);
    await expect(swapIn(maintenance, side, now)).rejects.toThrow(/already exists/);
    expect(await whoAreYou(LIVE)).toBe('old');
    await maintenance.query(`DROP DATABASE "${inTheWay.replaceAll('"', '""')}"`);
  });

  it.each(['before the renames', 'after the first rename'])(
    'loses nothing when its connection is killed %s',
    async (moment) => {
      const side = await verifiedSide('r4');
      await sayWhoYouAre(side.name, 'new');
      const doomed = await connect('postgres');
      const query = doomed.query.bind(doomed) as (text: string, values?: unknown[]) => Promise<unknown>;
      let renames = 0;
      (doomed as unknown as { query: unknown }).query = async (text: string, values?: unknown[]) => {
        const dies =
          moment === 'before the renames' ? text === 'BEGIN' : text.includes('RENAME') && ++renames === 2;
        if (dies) {
          const { rows } = (await query('SELECT pg_backend_pid() AS pid')) as { rows: { pid: number }[] };
          await maintenance.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
        }
        return await query(text, values);
      };
      await expect(swapIn(doomed, side, now)).rejects.toThrow();
      await reopen(maintenance, LIVE);
      expect(await whoAreYou(LIVE)).toBe('old');
      await swapIn(maintenance, side, now);
      expect(await whoAreYou(LIVE)).toBe('new');
      await doomed.end().catch(() => undefined);
    },
  );

  it('drops only databases that bear its mark', async () => {
    await postgres.createDatabase('precious');
    const forged = { name: 'precious', mark: (await verifiedSide('r5')).mark };
    await expect(dropSideDatabase(maintenance, forged)).rejects.toThrow(RestoreStateError);
    expect((await maintenance.query("SELECT 1 FROM pg_database WHERE datname = 'precious'")).rowCount).toBe(
      1,
    );
  });

  it('keeps names apart and within 63 bytes, whatever the live name', () => {
    const long = 'ä'.repeat(40);
    const names = [sideDatabaseName(long, 'restore', 'a1'), sideDatabaseName(long, 'restore', 'a2')];
    expect(names.every((name) => Buffer.byteLength(name) <= 63)).toBe(true);
    expect(new Set(names).size).toBe(2);
  });
});
