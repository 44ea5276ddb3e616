import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { takeDump } from '../../../core/backup/dump/take-dump';
import type { Manifest } from '../../../core/backup/manifest';
import {
  listRestored,
  restoreBeside,
  swapRestored,
  undoRestore,
  type RestoreBesideRequest,
} from '../../../core/backup/restore/restore-beside';
import { RESTORE_FOLDER_PREFIX } from '../../../core/backup/restore/restore-dump';
import type { LocalPostgres } from '../../../local/postgres';
import { bundledProgram } from '../../support/bundled-program';
import { BUCKET, dump, startDatabaseAndVault } from './dump-support';
import type { RestoreChildJob } from './restore-child';

let postgres: LocalPostgres;
let s3: S3Client;
let stop: () => Promise<void>;
let manifest: Manifest;
let other: Manifest;

beforeAll(async () => {
  ({ postgres, s3, stop } = await startDatabaseAndVault());
  await live(`CREATE TABLE orders (id int PRIMARY KEY, note text);
    INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 20000) AS i`);
  ({ manifest } = await dump(postgres, s3));
  await live(`INSERT INTO orders VALUES (0, 'one more')`);
  ({ manifest: other } = await dump(postgres, s3));
  await live(`DELETE FROM orders WHERE id NOT BETWEEN 1 AND 10`);
});

afterAll(() => stop());

afterEach(async () => {
  await postgres.query({ ...postgres.master, database: 'postgres' }, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE '%\\_\\_%'`,
    );
    for (const { name } of rows) await client.query(`DROP DATABASE "${name}" WITH (FORCE)`);
  });
});

const live = (sql: string) => postgres.query(postgres.master, (client) => client.query<{ n: number }>(sql));
const rowsIn = async (database: string) => {
  const { rows } = await postgres.query({ ...postgres.master, database }, (client) =>
    client.query<{ n: number }>('SELECT count(*)::int AS n FROM orders'),
  );
  return rows[0]!.n;
};

const request = (changes: Partial<RestoreBesideRequest> = {}): RestoreBesideRequest => ({
  s3,
  bucket: BUCKET,
  manifest,
  live: postgres.master,
  environment: 'test',
  safetyBackup: 'skipped',
  path: postgres.binFolder,
  jobs: 2,
  leaseSeconds: 2,
  ...changes,
});
const databases = async () => (await listRestored(request())).map(({ mark }) => mark.state);

describe('beside the live database', () => {
  test('a dump is restored, proven, and swapped in, and the swap is taken back', async () => {
    const stages: string[] = [];
    const done = await restoreBeside(
      request({
        safetyBackup: () =>
          takeDump({
            s3,
            bucket: BUCKET,
            endpoint: postgres.master,
            source: { instanceIdentifier: 'shop', dbiResourceId: 'db-ABC' },
            environment: 'test',
            scheduledFor: new Date(),
            path: postgres.binFolder,
            log: { info: () => undefined, warn: () => undefined },
          }),
        onProgress: ({ stage }) => stages.at(-1) !== stage && stages.push(stage),
      }),
    );
    expect(done).toMatchObject({ outcome: 'restored', proof: 'fingerprint', remarks: [], swept: [] });
    expect(stages).toEqual([
      'safety-backup',
      'create',
      'download',
      'restore',
      'fingerprint',
      'analyse',
      'mark',
    ]);
    expect([await rowsIn(postgres.master.database), await rowsIn(done.side.name)]).toEqual([10, 20_000]);

    const swapped = await swapRestored(request(), done.side);
    expect(await rowsIn(postgres.master.database)).toBe(20_000);
    expect(await rowsIn(swapped.retired!.name)).toBe(10);

    await undoRestore(request(), done.side.mark.restoreId);
    expect(await rowsIn(postgres.master.database)).toBe(10);
    await expect(undoRestore(request(), done.side.mark.restoreId)).resolves.toBe('already-undone');
  });

  test('whoever may not connect to the live database may not connect to the restored one', async () => {
    await live(`REVOKE CONNECT ON DATABASE "${postgres.master.database}" FROM PUBLIC`);
    const { side } = await restoreBeside(request());
    const { rows } = await postgres.query(postgres.superuser, (client) =>
      client.query<{ may: boolean }>(`SELECT has_database_privilege('pg_monitor', $1, 'CONNECT') AS may`, [
        side.name,
      ]),
    );
    expect(rows).toEqual([{ may: false }]);
    await live(`GRANT CONNECT ON DATABASE "${postgres.master.database}" TO PUBLIC`);
  });

  test('what was proven already is not restored again, and another backup is', async () => {
    const first = await restoreBeside(request());
    const onProgress = jest.fn();
    const again = await restoreBeside(request({ onProgress }));
    expect(onProgress).not.toHaveBeenCalled();
    expect(again).toMatchObject({ outcome: 'resumed', side: { name: first.side.name } });
    const second = await restoreBeside(request({ manifest: other }));
    expect(second.outcome).toBe('restored');
    expect(await rowsIn(second.side.name)).toBe(20_001);
  });
});

describe('when the live database was dropped', () => {
  test('it is made anew as the backup knows it, and takes its place', async () => {
    const { database } = postgres.master;
    const maintenance = { ...postgres.master, database: 'postgres' };
    const shape = `SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype
      FROM pg_database WHERE datname = '${database}'`;
    const ask = (sql: string) => postgres.query(maintenance, (client) => client.query<object>(sql));
    const before = (await ask(shape)).rows;
    await ask(`ALTER DATABASE "${database}" RENAME TO put_aside`);
    const safetyBackup = jest.fn();
    const done = await restoreBeside(request({ safetyBackup }));
    expect(safetyBackup).not.toHaveBeenCalled();
    const swapped = await swapRestored(request(), done.side);
    expect(swapped.retired).toBeUndefined();
    expect((await ask(shape)).rows).toEqual(before);
    expect(await rowsIn(database)).toBe(20_000);
    await expect(undoRestore(request(), done.side.mark.restoreId)).rejects.toMatchObject({
      code: 'RestoreStateError',
    });
    await ask(`DROP DATABASE "${database}" WITH (FORCE)`);
    await ask(`ALTER DATABASE put_aside RENAME TO "${database}"`);
  });
});

describe('nothing is left on the server, and the error says what to do,', () => {
  test('when the backup is of another environment', async () => {
    await expect(restoreBeside(request({ environment: 'prod' }))).rejects.toMatchObject({
      code: 'WrongEnvironmentError',
      message: expect.stringContaining('is of environment "test" and this is "prod"') as string,
    });
    await expect(
      restoreBeside(request({ environment: 'prod', allowOtherEnvironment: true })),
    ).resolves.toMatchObject({ outcome: 'restored' });
  });

  test('when the backup has no fingerprint, unless that is allowed', async () => {
    const unproven = { ...manifest, fingerprint: { notTaken: 'no time' } };
    await expect(restoreBeside(request({ manifest: unproven }))).rejects.toMatchObject({
      code: 'RestoreNotProvableError',
    });
    expect(await databases()).toEqual([]);
    await expect(restoreBeside(request({ manifest: unproven, allowUnproven: true }))).resolves.toMatchObject({
      proof: 'none',
    });
  });

  test('when what was restored is not what was dumped', async () => {
    const wrong = { ...manifest, archive: other.archive };
    await expect(restoreBeside(request({ manifest: wrong }))).rejects.toMatchObject({
      code: 'RestoreDiffersError',
      message: expect.stringMatching(/orders.*was dropped|was dropped.*orders/) as string,
    });
    expect(await databases()).toEqual([]);
  });

  test('when the server’s disk would not hold it: nothing was begun, not even the safety backup', async () => {
    const safetyBackup = jest.fn();
    const used = Number(
      (await live('SELECT sum(pg_database_size(oid))::text AS n FROM pg_database')).rows[0]!.n,
    );
    const storage = (free: number) => () => Promise.resolve(used + free);
    const failing = restoreBeside(request({ safetyBackup, serverStorage: storage(1_000_000) }));
    await expect(failing).rejects.toMatchObject({ code: 'ServerDiskTooSmallError' });
    await expect(failing).rejects.toThrow(
      /has at most .* free and the restore takes about .*raise the instance's storage/,
    );
    expect(safetyBackup).not.toHaveBeenCalled();
    expect(await databases()).toEqual([]);
    await restoreBeside(request({ serverStorage: storage(manifest.source.sizeBytes * 2) }));
    await restoreBeside(request({ manifest: other, serverStorage: () => Promise.resolve(undefined) }));
  });

  test('when the safety backup fails: nothing was begun', async () => {
    const safetyBackup = () => Promise.reject(new Error('the vault is full'));
    await expect(restoreBeside(request({ safetyBackup }))).rejects.toThrow('the vault is full');
    expect(await databases()).toEqual([]);
  });

  test('when it is told to stop', async () => {
    const controller = new AbortController();
    const stopped = restoreBeside(
      request({
        signal: controller.signal,
        onProgress: ({ stage }) => stage === 'restore' && controller.abort(new Error('Ctrl-C')),
      }),
    );
    await expect(stopped).rejects.toThrow('Ctrl-C');
    expect(await databases()).toEqual([]);
  });

  test('when a restore of the same database is running', async () => {
    const second: Promise<unknown>[] = [];
    await restoreBeside(
      request({
        onProgress: ({ stage }) => {
          if (stage === 'create') second.push(restoreBeside(request()).catch((error: unknown) => error));
        },
      }),
    );
    expect(await second[0]).toMatchObject({ code: 'LeaseHeldError' });
  });
});

describe('killed', () => {
  const before = new Set(readdirSync(tmpdir()));
  afterAll(() => {
    // What a process killed with its archive half fetched cannot clean up.
    for (const name of readdirSync(tmpdir())) {
      if (name.startsWith(RESTORE_FOLDER_PREFIX) && !before.has(name))
        rmSync(join(tmpdir(), name), { recursive: true });
    }
  });

  async function killedAt(killAt: string): Promise<void> {
    const s3Endpoint = await s3.config.endpoint!();
    const port = s3Endpoint.port === undefined ? '' : `:${s3Endpoint.port}`;
    const { bucket, live: endpoint, environment, path, jobs, leaseSeconds } = request();
    const job: RestoreChildJob = {
      bucket,
      manifest,
      live: endpoint,
      environment,
      path,
      jobs,
      leaseSeconds,
      s3Endpoint: `${s3Endpoint.protocol}//${s3Endpoint.hostname}${port}`,
      killAt,
    };
    const child = fork(await bundledProgram(join(__dirname, 'restore-child.ts')));
    child.send(job);
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
  }

  /** As the operator does: tries until the lease of the killed one has run out. */
  async function restoreAgain() {
    for (;;) {
      try {
        return await restoreBeside(request());
      } catch (error) {
        if ((error as { code?: string }).code !== 'LeaseHeldError') throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  test.each([
    ['safety-backup', [], 0],
    ['create', [], 0],
    ['download', ['restoring'], 1],
    ['restore', ['restoring'], 1],
    ['fingerprint', ['restoring'], 1],
    ['analyse', ['restoring'], 1],
    ['mark', ['restoring'], 1],
  ])(
    'at "%s", the live database is as it was, and the next run cleans up and goes on',
    async (stage, left, swept) => {
      await killedAt(stage);
      expect(await databases()).toEqual(left);
      expect(await rowsIn(postgres.master.database)).toBe(10);

      const done = await restoreAgain();
      expect(done.swept).toHaveLength(swept);
      expect(await databases()).toEqual(['verified']);
      expect(await rowsIn(done.side.name)).toBe(20_000);
    },
  );

  test('between closing the live database and the renames, the next command opens it again', async () => {
    const done = await restoreBeside(request());
    await postgres.query({ ...postgres.master, database: 'postgres' }, (client) =>
      client.query(`ALTER DATABASE "${postgres.master.database}" ALLOW_CONNECTIONS false`),
    );
    await expect(rowsIn(postgres.master.database)).rejects.toThrow('not currently accepting connections');
    const swapped = await swapRestored(request(), done.side);
    expect(await rowsIn(postgres.master.database)).toBe(20_000);
    await undoRestore(request(), swapped.retired!.mark.restoreId);
    expect(await rowsIn(postgres.master.database)).toBe(10);
  });
});
