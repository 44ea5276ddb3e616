import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { DumpPart, StageName } from '../../../core/backup/drill';
import { newestDrill, runDrill, type DrillProgress, type DrillRequest } from '../../../core/backup/drill';
import { drillDump, type DumpDrillRequest } from '../../../core/backup/drill/dump-drill';
import type { Manifest } from '../../../core/backup/manifest';
import { systemClock } from '../../../core/backup/snapshot/clock';
import { asBackupId, manifestKey } from '../../../core/backup/vault-layout';
import { isVerified, newestVerification } from '../../../core/backup/verify';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import type { LocalPostgres } from '../../../local/postgres';
import { bundledProgram } from '../../support/bundled-program';
import { makeProgramFolder } from '../../support/fake-program';
import { until } from '../../support/processes';
import type { DrillChildJob } from './drill-child';
import { drillJob, noRds, processesWith } from './drill-support';
import { BUCKET, dump, fillSample, startDatabaseAndVault } from './dump-support';

const CHILD = join(__dirname, 'drill-child.ts');

describe('a restore drill', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;
  let temporaryFolder: string;
  let sample: Manifest;
  let shop: { endpoint: PostgresEndpoint; manifest: Manifest };
  let slots = 0;

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
    await fillSample(postgres);
    ({ manifest: sample } = await dump(postgres, s3));
    const endpoint = await postgres.createDatabase('shop');
    await postgres.query(endpoint, (client) =>
      client.query(
        `CREATE TABLE orders (id int PRIMARY KEY, note text);
         INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 20000) AS n`,
      ),
    );
    shop = { endpoint, manifest: (await dump(postgres, s3, { endpoint })).manifest };
  }, 300_000);

  afterAll(() => stop());

  beforeEach(() => {
    temporaryFolder = mkdtempSync(join(tmpdir(), 'golive-test-drill-'));
    // Where the tests run as root, the server runs as somebody else.
    chmodSync(temporaryFolder, 0o711);
  });

  afterEach(() => {
    // Whatever happened, nothing with everybody's data in it is left, and nothing runs.
    const left = [...readdirSync(temporaryFolder), ...processesWith(temporaryFolder)];
    rmSync(temporaryFolder, { recursive: true });
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  const job = (changes: Partial<DumpDrillRequest> = {}) =>
    drillJob({
      database: 'shop',
      backup: shop.manifest.backupId,
      path: postgres.binFolder,
      temporaryFolder,
      ...changes,
    });

  /** With no changes, the good dump of the few orders. */
  const drill = (changes: Partial<DumpDrillRequest> = {}) =>
    drillDump({
      ...job(changes),
      s3,
      rds: noRds(),
      now: () => new Date(),
      scrub: (text) => text,
      ...changes,
    });

  const outcomes = ({ stages }: DumpPart) =>
    Object.fromEntries(stages.map(({ name, outcome }) => [name, outcome]));

  async function run(changes: Partial<DrillRequest> = {}) {
    return await runDrill({
      ...job(),
      s3,
      rds: noRds(),
      environment: 'test',
      instanceIdentifier: 'shop',
      dbiResourceId: 'db-ABC',
      who: { account: '123456789012', arn: 'arn:aws:iam::123456789012:role/drill', userId: 'AROA' },
      live: () => Promise.resolve(shop.endpoint),
      clock: systemClock,
      scrub: (text) => text,
      ...changes,
    });
  }

  test('restores everything that a database can hold, proves it, times it, and leaves a record', async () => {
    const told: DrillProgress[] = [];
    const record = await run({
      database: postgres.master.database,
      backup: undefined,
      live: () => Promise.resolve(postgres.master),
      smokeSql: [{ name: 'there are people', sql: 'SELECT count(*) > 0 FROM accounts.people' }],
      onProgress: (progress) => told.push(progress),
    });
    expect(record).toMatchObject({
      verdict: 'passed',
      withinObjective: true,
      snapshot: null,
      dump: { backupId: sample.backupId, verdict: 'passed', error: null, remarks: [] },
    });
    expect(record.dump.stages.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['server', 'passed'],
      ['download', 'passed'],
      ['readable', 'passed'],
      ['restore', 'passed'],
      ['analyze', 'passed'],
      ['structure', 'passed'],
      ['fingerprint', 'passed'],
      ['smoke', 'passed'],
    ]);
    const seconds = (name: StageName) => record.dump.stages.find((stage) => stage.name === name)!.seconds;
    const measured = seconds('download') + seconds('restore') + seconds('analyze');
    expect(record.recoverySeconds).toBeCloseTo(measured, 2);
    expect(record.extrapolatedSeconds).toBeGreaterThanOrEqual(record.recoverySeconds!);
    expect(await newestDrill(s3, BUCKET)).toEqual(record);

    const began = told.flatMap(({ state, stage }) => (state === 'began' ? [stage] : []));
    expect(began).toEqual(record.dump.stages.map(({ name }) => name));
    const { database } = sample.source;
    const proven = await newestVerification({ s3, bucket: BUCKET, database, backupId: sample.backupId });
    expect(isVerified(proven!)).toBe(true);
  });

  test('judges what a recovery would take at the live database’s size', async () => {
    const record = await run({ live: () => Promise.resolve(postgres.master), objectiveSeconds: 0.001 });
    expect(record.verdict).toBe('passed');
    const ratio = record.liveBytes! / record.dump.databaseBytes!;
    expect(ratio).toBeGreaterThan(2);
    expect(record.extrapolatedSeconds! / record.recoverySeconds!).toBeCloseTo(ratio, 1);
    expect(record).toMatchObject({
      withinObjective: false,
      formula: expect.stringContaining(' ÷ ') as string,
    });
  });

  test('goes on when the live database cannot be asked: it may be the reason for the drill', async () => {
    const record = await run({ live: () => Promise.reject(new Error('it is gone')) });
    expect(record).toMatchObject({ verdict: 'passed', liveBytes: null });
    expect(record.extrapolatedSeconds).toBe(record.recoverySeconds);
    expect(record.formula).toMatch(/size is not known/);
  });

  test('restores as somebody who may not run programs on the server', async () => {
    const { part } = await drill({
      smokeSql: [
        {
          name: 'it is no superuser',
          sql: `SELECT NOT rolsuper AND NOT pg_has_role(oid, 'pg_execute_server_program', 'MEMBER')
            FROM pg_catalog.pg_roles WHERE rolname = current_user`,
        },
        {
          name: 'nor is anybody that it may become',
          sql: `SELECT count(*) = 0 FROM pg_catalog.pg_roles AS r
            WHERE rolsuper AND pg_has_role(current_user, r.oid, 'MEMBER')`,
        },
      ],
    });
    expect(part).toMatchObject({ verdict: 'passed' });
  });

  describe('of a database with what RDS’s master user may make and another may not', () => {
    let rich: PostgresEndpoint;

    beforeAll(async () => {
      rich = await postgres.createDatabase('rich');
      const { user } = postgres.master;
      await asSuperuser(
        'postgres',
        `CREATE ROLE "app owner" NOLOGIN; CREATE ROLE audit_reader LOGIN;
        GRANT "app owner" TO ${user} WITH ADMIN OPTION; 
        ALTER ROLE audit_reader SET statement_timeout = '7s'; COMMENT ON ROLE audit_reader IS 'it''s; read-only'`,
      );
      await asSuperuser(
        'rich',
        `CREATE SCHEMA ext AUTHORIZATION ${user}; CREATE EXTENSION pg_stat_statements SCHEMA ext;
         CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
         ALTER SERVER elsewhere OWNER TO ${user}; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ${user};
         CREATE USER MAPPING FOR audit_reader SERVER elsewhere OPTIONS (user 'somebody');
         CREATE SCHEMA app AUTHORIZATION "app owner"; CREATE TABLE app.prices (id int PRIMARY KEY, cents int);
         ALTER TABLE app.prices OWNER TO "app owner"; GRANT SELECT ON app.prices TO audit_reader;
         GRANT USAGE ON SCHEMA app TO audit_reader;
         GRANT EXECUTE ON FUNCTION ext.pg_stat_statements_reset TO audit_reader; INSERT INTO app.prices VALUES (1, 100), (2, 250)`,
      );
    });

    const asSuperuser = (database: string, sql: string) =>
      postgres.query({ ...postgres.superuser, database }, (client) => client.query(sql));

    test('passes: extensions, servers, roles with their settings, and whom things belong to', async () => {
      await dump(postgres, s3, { endpoint: rich });
      const { part } = await drill({
        database: 'rich',
        backup: undefined,
        smokeSql: [
          {
            name: 'the reader has its settings',
            sql: `SELECT setconfig = ARRAY['statement_timeout=7s'] FROM pg_catalog.pg_db_role_setting
              WHERE setrole = 'audit_reader'::regrole AND setdatabase = 0`,
          },
        ],
      });
      expect(part.error).toBeNull();
      expect(part).toMatchObject({ verdict: 'passed', remarks: [] });
    });

    test('says not-run of what no other server lets anybody but a superuser make', async () => {
      await asSuperuser(
        'rich',
        `CREATE FUNCTION app.noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
         ALTER FUNCTION app.noticed() OWNER TO ${postgres.master.user};
         CREATE EVENT TRIGGER noticing ON ddl_command_end EXECUTE FUNCTION app.noticed()`,
      );
      await dump(postgres, s3, { endpoint: rich });
      const { part } = await drill({ database: 'rich', backup: undefined });
      expect(part.error!.message).toMatch(/^restore: .*permission denied to create event trigger/);
      expect(part).toMatchObject({ verdict: 'not-run' });
    });
  });

  describe('fails', () => {
    test('when the archive was damaged in the vault, before anything is restored', async () => {
      const id = await place({ spoil: cutShort, vouchedFor: false });
      const record = await run({ backup: id });
      expect(record).toMatchObject({
        verdict: 'failed',
        recoverySeconds: null,
        withinObjective: null,
        dump: { backupId: null, error: { code: 'BackupNotFoundError' } },
      });
      expect(await newestDrill(s3, BUCKET)).toEqual(record);
    });

    test('when the archive was damaged before its manifest was written', async () => {
      const { part, recoverySeconds } = await drill({ backup: await place({ spoil: cutShort }) });
      expect(part).toMatchObject({ verdict: 'failed', error: { code: 'DrillStageFailed' } });
      expect(part.error!.message).toMatch(/^readable: .*choose another backup$/);
      expect(outcomes(part)).toEqual({
        server: 'passed',
        download: 'passed',
        readable: 'failed',
        restore: 'not-run',
        analyze: 'not-run',
        structure: 'not-run',
        fingerprint: 'not-run',
        smoke: 'not-run',
      });
      expect(recoverySeconds).toBeNull();
    });

    test('when what is restored is not what was dumped; the time was measured all the same', async () => {
      await change('UPDATE orders SET note = NULL WHERE id = 77');
      const { manifest: later } = await dump(postgres, s3, { endpoint: shop.endpoint });
      await change('UPDATE orders SET note = md5(id::text) WHERE id = 77');
      const id = await place({ manifest: { fingerprint: later.fingerprint } });
      const { part, recoverySeconds } = await drill({ backup: id });
      expect(part.verdict).toBe('failed');
      expect(outcomes(part)).toMatchObject({ restore: 'passed', structure: 'passed', fingerprint: 'failed' });
      expect(part.error!.message).toMatch(/^fingerprint: .*orders/);
      expect(recoverySeconds).toBeGreaterThan(0);
    });

    test('when the roles in the vault are not what the manifest vouches for', async () => {
      const globals = { ...shop.manifest.globals, sha256: '0'.repeat(64) };
      const { part } = await drill({ backup: await place({ manifest: { globals } }) });
      expect(part).toMatchObject({ verdict: 'failed', error: { code: 'CompanionCorruptError' } });
    });

    test('when the team’s answer is no', async () => {
      const smokeSql = [{ name: 'nobody orders', sql: 'SELECT count(*) = 0 FROM orders' }];
      const { part } = await drill({ smokeSql });
      expect(part).toMatchObject({ verdict: 'failed' });
      expect(part.error!.message).toBe('smoke: 1 of 1 failed: nobody orders: it is false');
    });

    test('when there is no dump at all', async () => {
      const { part } = await drill({ database: 'nothing', backup: undefined });
      expect(part).toMatchObject({
        backupId: null,
        verdict: 'failed',
        error: { code: 'NoDumpToDrillError' },
      });
    });
  });

  describe('says not-run, and not failed', () => {
    test('when no PostgreSQL server is on the machine', async () => {
      const { part } = await drill({ path: '/no/such/folder', programFolders: [] });
      expect(part).toMatchObject({
        verdict: 'not-run',
        server: null,
        error: { code: 'ServerProgramsNotFoundError' },
      });
      expect(part.error!.message).toMatch(/install the server of PostgreSQL 15/);
    });

    test('when the server on the machine is older than the one that was dumped', async () => {
      const programs = makeProgramFolder();
      for (const name of ['initdb', 'postgres', 'pg_restore']) {
        programs.write(name, `console.log('${name} (PostgreSQL) 14.9')`);
      }
      const { part } = await drill({ path: programs.path, programFolders: [] });
      programs.remove();
      expect(part).toMatchObject({ verdict: 'not-run', error: { code: 'ServerProgramsTooOldError' } });
    });

    test('when initdb makes no server', async () => {
      const programs = makeProgramFolder();
      for (const name of ['postgres', 'pg_restore']) {
        programs.write(name, `console.log('${name} (PostgreSQL) 15.9')`);
      }
      programs.write('initdb', `console.error('no room'); process.exit(1)`);
      chmodSync(programs.path, 0o755);
      const { part } = await drill({ path: programs.path, programFolders: [] });
      programs.remove();
      expect(part).toMatchObject({ verdict: 'not-run', error: { code: 'ThrowAwayServerError' } });
      expect(outcomes(part)).toMatchObject({ server: 'not-run', download: 'not-run' });
      expect(part.error!.message).toMatch(/exit code 1.*no room/);
    });

    test('when the dump has no fingerprint to prove it by', async () => {
      const id = await place({ manifest: { fingerprint: { notTaken: 'it was switched off' } } });
      const { part, recoverySeconds } = await drill({ backup: id });
      expect(part).toMatchObject({ verdict: 'not-run', error: { code: 'DrillStageNotRun' } });
      expect(outcomes(part)).toMatchObject({ restore: 'passed', structure: 'not-run' });
      expect(recoverySeconds).toBeGreaterThan(0);
    });
  });

  test('refuses an id that no dump has, and leaves no record of it', async () => {
    const before = await newestDrill(s3, BUCKET);
    await expect(run({ backup: '2019' })).rejects.toMatchObject({ code: 'BackupNotFoundError' });
    expect(await newestDrill(s3, BUCKET)).toEqual(before);
  });

  test('stopped half-way throws the reason, leaves no record, no server and no file', async () => {
    const before = await newestDrill(s3, BUCKET);
    const controller = new AbortController();
    const stopped = run({
      database: postgres.master.database,
      backup: sample.backupId,
      signal: controller.signal,
      onProgress: ({ stage, state }) => {
        if (stage === 'restore' && state === 'running') controller.abort(new Error('Ctrl-C'));
      },
    });
    await expect(stopped).rejects.toThrow('Ctrl-C');
    expect(await newestDrill(s3, BUCKET)).toEqual(before);
  });

  describe('killed', () => {
    test.each<StageName>(['server', 'download', 'restore', 'structure'])(
      'at "%s", leaves nothing, without anybody’s doing',
      async (tellAt) => {
        const child = await childAt(tellAt);
        child.kill('SIGKILL');
        await once(child, 'exit');
        await until(() => processesWith(temporaryFolder).length === 0);
        await until(() => readdirSync(temporaryFolder).length === 0);
        expect(readdirSync(temporaryFolder)).toEqual([]);
      },
    );

    test('with its supervisor, leaves a server, which the next drill ends and removes', async () => {
      const child = await childAt('restore');
      const [folder = ''] = readdirSync(temporaryFolder);
      const pidFile = join(temporaryFolder, folder, 'data', 'postmaster.pid');
      const postmaster = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
      // The supervisor is the server's parent.
      const supervisor = Number(readFileSync(`/proc/${postmaster}/stat`, 'utf8').split(' ')[3]);
      process.kill(supervisor, 'SIGKILL');
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(processesWith(folder).length).toBeGreaterThan(0);

      const { part } = await drill();
      expect(part.verdict).toBe('passed');
      expect(part.remarks).toEqual([expect.stringContaining(folder)]);
      expect(processesWith(folder)).toEqual([]);
    });

    /** A drill in a process of its own, of the larger database, when a stage has begun. */
    async function childAt(tellAt: StageName): Promise<ChildProcess> {
      const child = fork(await bundledProgram(CHILD), [], { stdio: 'inherit' });
      const told: DrillChildJob = {
        ...job({ database: postgres.master.database, backup: sample.backupId }),
        s3Endpoint: await endpointOf(s3),
        tellAt,
      };
      child.send(told);
      await once(child, 'message');
      return child;
    }
  });

  test('touches no folder that only bears such a name', async () => {
    const precious = mkdtempSync(join(tmpdir(), 'golive-test-precious-'));
    writeFileSync(join(precious, 'kept'), '');
    // A process id that no machine gives.
    const link = join(temporaryFolder, 'golive-throw-away-999999999-link');
    symlinkSync(precious, link);
    const { part } = await drill();
    expect(part).toMatchObject({ verdict: 'passed', remarks: [] });
    expect(readdirSync(precious)).toEqual(['kept']);
    rmSync(link);
    rmSync(precious, { recursive: true });
  });

  test('two at once keep out of each other’s way', async () => {
    const parts = await Promise.all([drill(), drill()]);
    expect(parts.map(({ part }) => part.verdict)).toEqual(['passed', 'passed']);
    expect(parts.flatMap(({ part }) => part.remarks)).toEqual([]);
  });

  async function change(sql: string): Promise<void> {
    await postgres.query(shop.endpoint, (client) => client.query(sql));
  }

  /**
   * Another backup of the orders, with what is to be changed in it. Unless told otherwise its manifest vouches for
   * the archive as it is, as if pg_dump itself had written it so.
   *
   * @returns its id
   */
  async function place({
    spoil = (content: Buffer) => content,
    vouchedFor = true,
    manifest: changes = {} as Partial<Manifest>,
  }): Promise<string> {
    const { archive } = shop.manifest;
    const id = asBackupId(`20250101T0000${String((slots += 1)).padStart(2, '0')}Z`)!;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: archive.key }));
    const content = spoil(Buffer.from(await Body!.transformToByteArray()));
    const key = manifestKey('shop', id).replace('manifest.json', 'archive-a.pgdump');
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: content, ChecksumAlgorithm: 'CRC32' }),
    );
    const held = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key, ChecksumMode: 'ENABLED' }));
    const vouched = {
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      s3ChecksumCrc32: held.ChecksumCRC32!,
    };
    const manifest: Manifest = {
      ...shop.manifest,
      ...changes,
      backupId: id,
      archive: { ...archive, key, ...(vouchedFor && vouched) },
    };
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: manifestKey('shop', id), Body: JSON.stringify(manifest) }),
    );
    return id;
  }

  const cutShort = (content: Buffer) => content.subarray(0, Math.floor(content.length * 0.7));
});

async function endpointOf(s3: S3Client): Promise<string> {
  const { protocol, hostname, port } = await s3.config.endpoint!();
  return `${protocol}//${hostname}:${port}`;
}
