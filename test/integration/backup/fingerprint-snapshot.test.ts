import type { Client } from 'pg';
import {
  DatabaseFingerprint,
  compareFingerprints,
  coverSequencesUntilNow,
  fingerprintDatabase,
  type FingerprintOptions,
  type FingerprintProgress,
} from '../../../core/backup/fingerprint';
import { postgresClient, type PostgresEndpoint } from '../../../core/postgres/endpoint';
import { FingerprintServer } from './fingerprint-server';

let server: FingerprintServer;
const clients: Client[] = [];

beforeAll(async () => {
  // As few locks as PostgreSQL allows.
  server = await FingerprintServer.start({ max_locks_per_transaction: '10', max_connections: '20' });
  await server.createSample('source');
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)));
});

afterAll(async () => {
  await server.stop();
});

async function connect(endpoint: PostgresEndpoint): Promise<Client> {
  const client = await postgresClient(endpoint, 'fingerprint-test');
  client.on('error', () => undefined);
  clients.push(client);
  await client.connect();
  return client;
}

async function fingerprint(
  database: string,
  more: Partial<FingerprintOptions> = {},
): Promise<DatabaseFingerprint> {
  return fingerprintDatabase({ endpoint: server.endpoint(database), ...more });
}

/** No connection of ours is left on the server, neither idle nor still at work. */
async function nobodyLeft(database: string): Promise<void> {
  const watcher = await connect({ ...server.postgres.superuser, database });
  for (;;) {
    const { rows } = await watcher.query<{ left: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'golive-fingerprint') AS left`,
    );
    if (!rows[0]!.left) return;
  }
}

describe('there is no fingerprint, and the error says what to do, when', () => {
  it('row-level security would hide rows', async () => {
    await server.withCopyOf('source', async (copy) => {
      await server.run(copy, 'ALTER TABLE app.kinds FORCE ROW LEVEL SECURITY');
      await expect(fingerprint(copy)).rejects.toMatchObject({
        code: 'RowSecurityHidesRowsError',
        message: expect.stringMatching(/"app"."kinds".*BYPASSRLS/) as string,
      });
    });
  });

  it('tables, sequences or large objects may not be read, with the names of all of them', async () => {
    const endpoint = { ...server.endpoint('source'), user: 'stranger' };
    await server.run('postgres', `CREATE ROLE stranger LOGIN PASSWORD '${endpoint.password}'`);
    await expect(fingerprintDatabase({ endpoint })).rejects.toMatchObject({
      code: 'FingerprintForbiddenError',
      message: expect.stringMatching(/"app"."kinds", .*"app"."large".*pg_read_all_data/) as string,
    });
    await server.run('postgres', 'GRANT pg_read_all_data TO stranger', server.postgres.superuser);
    await server.run('postgres', 'ALTER ROLE stranger BYPASSRLS', server.postgres.superuser);
    await expect(fingerprintDatabase({ endpoint })).rejects.toMatchObject({
      code: 'FingerprintForbiddenError',
      message: expect.stringMatching(/large object/) as string,
    });
  });

  it('the snapshot is gone', async () => {
    const holder = await connect(server.endpoint('source'));
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const { rows } = await holder.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
    await holder.query('COMMIT');
    await expect(fingerprint('source', { snapshotId: rows[0]!.id })).rejects.toMatchObject({
      code: 'SnapshotGoneError',
      message: expect.stringMatching(/keep the session that exported it open/) as string,
    });
  });

  it('a migration holds a table locked, and can be tried again', async () => {
    await server.withCopyOf('source', async (copy) => {
      const migration = await connect(server.endpoint(copy));
      await migration.query('BEGIN; LOCK TABLE app.parent IN ACCESS EXCLUSIVE MODE');
      await expect(fingerprint(copy, { lockTimeoutMs: 20 })).rejects.toMatchObject({
        code: 'FingerprintLockTimeoutError',
        retryable: true,
      });
    });
  });

  it('a table was truncated after the snapshot, which would show it empty', async () => {
    await server.withCopyOf('source', async (copy) => {
      const holder = await connect(server.endpoint(copy));
      await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const { rows } = await holder.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
      await server.run(copy, 'TRUNCATE app.large');
      await expect(fingerprint(copy, { snapshotId: rows[0]!.id })).rejects.toMatchObject({
        code: 'SchemaChangedError',
        retryable: true,
        message: expect.stringMatching(/"app"."large"/) as string,
      });
    });
  });

  it('an index was dropped after the snapshot', async () => {
    await server.withCopyOf('source', async (copy) => {
      const holder = await connect(server.endpoint(copy));
      await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const { rows } = await holder.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
      await server.run(copy, 'DROP INDEX app.kinds_lower');
      await expect(fingerprint(copy, { snapshotId: rows[0]!.id })).rejects.toMatchObject({
        code: 'SchemaChangedError',
        retryable: true,
      });
    });
  });

  it('the lock table is too small for so many tables, with the parameter to set', async () => {
    await server.run('postgres', 'CREATE DATABASE many');
    await server.run(
      'many',
      `DO $$ BEGIN FOR n IN 1..1200 LOOP EXECUTE 'CREATE TABLE t' || n || ' ()'; COMMIT; END LOOP; END $$`,
    );
    await expect(fingerprint('many')).rejects.toMatchObject({
      code: 'LockTableFullError',
      message: expect.stringMatching(/max_locks_per_transaction/) as string,
    });
  });

  it('a value cannot be read because the file is damaged', async () => {
    await server.withCopyOf('source', async (copy) => {
      await server.run(
        copy,
        `CREATE EXTENSION pg_surgery;
         SELECT heap_force_kill('${await server.toastTableOf(copy, 'app.large')}'::regclass, ARRAY['(9,1)'::tid])`,
        server.postgres.superuser,
      );
      await expect(fingerprint(copy)).rejects.toMatchObject({
        code: 'DatabaseDamagedError',
        message: expect.stringMatching(/table "app"."large" is damaged/) as string,
      });
    });
  });

  it('is aborted, and leaves nobody behind on the server', async () => {
    const abort = new AbortController();
    const taken = fingerprint('source', {
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('time is up')),
    });
    await expect(taken).rejects.toMatchObject({ code: 'FingerprintAbortedError', retryable: true });
    await nobodyLeft('source');
    await expect(fingerprint('source', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'FingerprintAbortedError',
    });
    await nobodyLeft('source');
  });

  it('the server ends its connections, as a failover does, and can be tried again', async () => {
    const admin = await connect(server.postgres.superuser);
    let ended: Promise<unknown> | undefined;
    const taken = fingerprint('source', {
      onProgress: () => {
        ended ??= admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'golive-fingerprint'`,
        );
      },
    });
    await expect(taken).rejects.toMatchObject({ code: 'FingerprintFailedError', retryable: true });
    await ended;
  });
});

describe('a fingerprint', () => {
  it('sees what the given snapshot sees, however much is written meanwhile', async () => {
    await server.withCopyOf('source', async (copy) => {
      const before = await fingerprint(copy);
      const holder = await connect(server.endpoint(copy));
      await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const { rows } = await holder.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
      await server.run(
        copy,
        `DELETE FROM app.large WHERE id % 3 = 0; UPDATE app.kinds SET vc = 'late'; INSERT INTO app.parent VALUES (1);
         SELECT lo_put(4242, 0, 'J'); SELECT lo_unlink(777)`,
      );
      const during = await fingerprint(copy, { snapshotId: rows[0]!.id });
      expect(compareFingerprints(before, during)).toEqual([]);
      const after = compareFingerprints(before, await fingerprint(copy)).map(
        ({ kind, object }) => `${kind} ${object}`,
      );
      expect(after).toEqual([
        'content "app"."kinds"',
        'rows "app"."large"',
        'rows "app"."parent"',
        'large object 777',
        'large object 4242',
      ]);
    });
  });

  it('is the same with one connection as with four, and survives JSON', async () => {
    const [one, four] = [
      await fingerprint('source', { concurrency: 1 }),
      await fingerprint('source', { concurrency: 4 }),
    ];
    expect(one.tables).toEqual(four.tables);
    expect(compareFingerprints(one, four)).toEqual([]);
    expect(DatabaseFingerprint.parse(JSON.parse(JSON.stringify(four)))).toEqual(four);
  });

  it('covers the positions of sequences until a dump beside it has ended', async () => {
    await server.withCopyOf('source', async (copy) => {
      const taken = await fingerprint(copy);
      await server.run(copy, `SELECT nextval('app.numbers')`);
      const dumped = await fingerprint(copy);
      await server.run(copy, `SELECT nextval('app.numbers') FROM generate_series(1, 10)`);
      const covered = await coverSequencesUntilNow(taken, server.endpoint(copy));
      expect(compareFingerprints(taken, dumped).map(({ kind }) => kind)).toEqual(['sequence']);
      expect(compareFingerprints(covered, dumped)).toEqual([]);
    });
  });

  it('says what its limits left out, and two such fingerprints are not called the same', async () => {
    const limited = await fingerprint('source', {
      limits: {
        maxTableBytes: 1_500_000,
        leaveOut: [{ schema: 'app', name: 'cache' }],
        leaveOutLargeObjects: true,
        maxListedObjects: 20,
      },
    });
    const omitted = limited.tables.filter((table) => 'omitted' in table);
    expect(omitted).toMatchObject([
      { name: 'cache', omitted: 'left-out-by-configuration' },
      { name: 'large', omitted: 'too-large', rows: 600 },
    ]);
    expect(limited.largeObjects).toEqual({ count: 3, omitted: 'left-out-by-configuration' });
    expect(limited.schema['column']?.objects).toBeUndefined();
    const differences = compareFingerprints(limited, limited);
    expect(differences.map(({ severity, object }) => `${severity} ${object}`)).toEqual([
      'not-compared "app"."cache"',
      'not-compared "app"."large"',
      'not-compared all large objects',
    ]);
  });

  it('reports how far it is, up to everything', async () => {
    const seen: FingerprintProgress[] = [];
    await fingerprint('source', { onProgress: (progress) => seen.push(progress) });
    const last = seen.at(-1)!;
    expect(last.doneTasks).toBe(last.totalTasks);
    expect(last.doneBytes).toBe(last.totalBytes);
    expect(seen.map(({ doneBytes }) => doneBytes)).toEqual(
      seen.map(({ doneBytes }) => doneBytes).toSorted((a, b) => a - b),
    );
  });

  it('describes the server, and its roles without asking for their passwords', async () => {
    const taken = await fingerprint('source');
    expect(taken.server.versionNumber).toBeGreaterThanOrEqual(150_000);
    expect(taken.server.settings['max_locks_per_transaction']).toBe('10');
    expect(taken.database).toMatchObject({ name: 'source', encoding: 'UTF8', collate: 'C.UTF-8' });
    expect(taken.walPosition).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(taken.databaseSizeBytes).toBeGreaterThan(5_000_000);
    expect(taken.globals['role']?.objects?.['golive_admin']).toBe('CREATEROLE CREATEDB LOGIN');
    expect(taken.globals['membership']?.objects?.['golive_admin in rds_superuser']).toBe('member');
  });
});
