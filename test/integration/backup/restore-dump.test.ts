import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  compareFingerprints,
  fingerprintDatabase,
  type DatabaseFingerprint,
} from '../../../core/backup/fingerprint';
import type { Manifest } from '../../../core/backup/manifest';
import {
  restoreDump,
  type RestoreDumpRequest,
  type RestoreProgress,
} from '../../../core/backup/restore/restore-dump';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import type { LocalPostgres } from '../../../local/postgres';
import { makeProgramFolder, type ProgramFolder } from '../../support/fake-program';
import { BUCKET, dump, fillSample, startDatabaseAndVault } from './dump-support';

/** A dump of the demo's database, restored by a master user who is no superuser. */
describe('restoring a dump into an empty database', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;
  let manifest: Manifest;
  let source: DatabaseFingerprint;
  let temporaryFolder: string;
  let programs: ProgramFolder;
  let databases = 0;

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
    await fillSample(postgres);
    await postgres.query(postgres.superuser, (client) =>
      client.query(`CREATE ROLE weak LOGIN PASSWORD 'weak'`),
    );
    ({ manifest } = await dump(postgres, s3));
    source = await fingerprintDatabase({ endpoint: postgres.master });
  }, 300_000);

  afterAll(async () => {
    await stop();
  });

  beforeEach(() => {
    temporaryFolder = mkdtempSync(join(tmpdir(), 'golive-test-restore-'));
    programs = makeProgramFolder();
  });

  afterEach(() => {
    // Whatever happened, the archive with everybody's data in it is gone.
    const left = readdirSync(temporaryFolder);
    rmSync(temporaryFolder, { recursive: true });
    programs.remove();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  const emptyDatabase = () => postgres.createDatabase(`restored_${++databases}`);

  async function restore(target: PostgresEndpoint, changes: Partial<RestoreDumpRequest> = {}) {
    return await restoreDump({
      s3,
      bucket: BUCKET,
      manifest,
      target,
      path: postgres.binFolder,
      temporaryFolder,
      ...changes,
    });
  }

  async function relationsIn(target: PostgresEndpoint): Promise<number> {
    return await postgres.query(target, async (client) => {
      const { rowCount } = await client.query(`SELECT FROM pg_class WHERE oid >= 16384`);
      return rowCount ?? 0;
    });
  }

  /** An archive of the same size, with one bit changed in the middle, and a manifest that names it. */
  async function withOneBitChanged(): Promise<Manifest> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: manifest.archive.key }));
    const content = await Body!.transformToByteArray();
    content[content.length >> 1]! ^= 1;
    const key = manifest.archive.key.replace('archive-', 'archive-changed-');
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: content }));
    return { ...manifest, archive: { ...manifest.archive, key } };
  }

  describe('is refused before anything is restored', () => {
    test('when one bit of the archive is not what the manifest says', async () => {
      const target = await emptyDatabase();
      const changed = await withOneBitChanged();
      await expect(restore(target, { manifest: changed })).rejects.toMatchObject({
        code: 'ArchiveCorruptError',
      });
      expect(await relationsIn(target)).toBe(0);
    });

    test('when the archive is gone', async () => {
      const gone = { ...manifest, archive: { ...manifest.archive, key: `${manifest.archive.key}-gone` } };
      await expect(restore(await emptyDatabase(), { manifest: gone })).rejects.toMatchObject({
        code: 'ArchiveDownloadError',
        retryable: false,
      });
    });

    test.each([
      ['a table', 'CREATE TABLE precious ()', /relation public\.precious/],
      ['a schema', 'CREATE SCHEMA precious', /schema precious/],
      ['a function', 'CREATE FUNCTION precious() RETURNS int RETURN 1', /function public\.precious/],
      ['a type', `CREATE TYPE precious AS ENUM ('x')`, /type public\.precious/],
      ['an extension', 'CREATE EXTENSION hstore', /extension hstore/],
      ['a large object', 'SELECT lo_create(0)', /large object \d+/],
    ])('when the target holds %s', async (_, sql, named) => {
      const target = await emptyDatabase();
      await postgres.query(target, (client) => client.query(sql));
      const refusal: unknown = await restore(target).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: 'TargetNotEmptyError',
        message: expect.stringMatching(named) as string,
      });
    });

    test('when pg_restore is older than the pg_dump that wrote the archive', async () => {
      programs.write('pg_restore', `console.log('pg_restore (PostgreSQL) 14.9')`);
      await expect(restore(await emptyDatabase(), { path: programs.path })).rejects.toMatchObject({
        code: 'RestoreClientTooOldError',
        message: expect.stringMatching(/PostgreSQL 15 or newer/) as string,
      });
    });

    test('when the server is older than the one that was dumped', async () => {
      const newer = { ...manifest, source: { ...manifest.source, serverVersionNumber: 190001 } };
      await expect(restore(await emptyDatabase(), { manifest: newer })).rejects.toMatchObject({
        code: 'TargetServerTooOldError',
      });
    });

    test('when the archive does not fit on the disk', async () => {
      const huge = { ...manifest, archive: { ...manifest.archive, bytes: Number.MAX_SAFE_INTEGER } };
      await expect(restore(await emptyDatabase(), { manifest: huge })).rejects.toMatchObject({
        code: 'DiskTooSmallError',
      });
    });

    test('when there is no pg_restore', async () => {
      await expect(restore(await emptyDatabase(), { path: programs.path })).rejects.toMatchObject({
        code: 'ProgramNotFoundError',
      });
    });
  });

  describe('fails by name', () => {
    test('when the role may not do what the archive asks for, with what to do', async () => {
      const target = await emptyDatabase();
      await postgres.query(postgres.superuser, (client) =>
        client.query(`ALTER DATABASE "${target.database}" OWNER TO weak`),
      );
      const refusal: unknown = await restore({ ...target, user: 'weak', password: 'weak' }).catch(
        (error: unknown) => error,
      );
      expect(refusal).toMatchObject({
        code: 'PgRestoreFailedError',
        exitCode: 1,
        message: expect.stringMatching(/must be (able|member).*restore as the master user/s) as string,
      });
    });

    test('when pg_restore is killed', async () => {
      programs.write(
        'pg_restore',
        `const [first] = process.argv.slice(2);
         if (first === '--version') console.log('pg_restore (PostgreSQL) 15.18');
         else if (first !== '--list') process.kill(process.pid, 'SIGKILL');`,
      );
      await expect(restore(await emptyDatabase(), { path: programs.path })).rejects.toMatchObject({
        code: 'PgRestoreFailedError',
        signal: 'SIGKILL',
        retryable: true,
      });
    });

    test('when pg_restore exits with 0 and says that it ignored errors', async () => {
      programs.write(
        'pg_restore',
        `const [first] = process.argv.slice(2);
         if (first === '--version') console.log('pg_restore (PostgreSQL) 15.18');
         else if (first !== '--list') console.error('pg_restore: warning: errors ignored on restore: 3');`,
      );
      await expect(restore(await emptyDatabase(), { path: programs.path })).rejects.toMatchObject({
        code: 'PgRestoreFailedError',
      });
    });

    test('when it is stopped half-way, and no session of it stays', async () => {
      const target = await emptyDatabase();
      const controller = new AbortController();
      const stopped = restore(target, {
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.stage === 'restore' && progress.doneEntries > 20)
            controller.abort(new Error('Ctrl-C'));
        },
      });
      await expect(stopped).rejects.toThrow('Ctrl-C');
    });
  });

  describe('that succeeds', () => {
    let restored: PostgresEndpoint;
    let leftOut: readonly string[];
    const told: RestoreProgress[] = [];

    test('gives the same database, whatever its name, and says how far it is', async () => {
      restored = await postgres.createDatabase(`it's "odd" = 'name' 日本`);
      const result = await restore(restored, { jobs: 2, onProgress: (progress) => told.push(progress) });
      leftOut = result.leftOut.map(({ entry }) => entry);
      expect(compareFingerprints(source, await fingerprintDatabase({ endpoint: restored }))).toEqual([]);

      expect(told.at(0)).toMatchObject({ stage: 'download', totalBytes: manifest.archive.bytes });
      expect(told.at(-1)).toEqual({
        stage: 'restore',
        doneEntries: result.entries,
        totalEntries: result.entries,
      });
    });

    test('names what it left out: comments that only an extension’s owner may make', () => {
      expect(leftOut).toHaveLength(8);
      expect(leftOut.every((entry) => entry.startsWith('COMMENT - EXTENSION '))).toBe(true);
    });

    test.each([
      ['a row is deleted', 'DELETE FROM telemetry.events WHERE event_id = 71', 'rows'],
      ['NULL becomes empty', `UPDATE public.edges SET raw = '' WHERE label = 'negative zero'`, 'content'],
      [
        'a document loses its end',
        'SELECT lo_truncate(lo_open(document, 131072), 1000) FROM billing.contracts WHERE contract_id = 7',
        'large object',
      ],
      ['a sequence goes on', `SELECT nextval('public.never_used')`, 'sequence'],
      ['a policy is dropped', 'DROP POLICY nothing_by_night ON delivery.projects', 'policy'],
      ['a grant is lost', 'REVOKE SELECT ON accounts.people FROM golive_app', 'grant'],
      ['an index is dropped', 'DROP INDEX delivery.deployments_live', 'index'],
    ])('is told from one in which %s', async (_, sql, kind) => {
      await postgres.query(restored, (client) => client.query(sql));
      const differences = compareFingerprints(source, await fingerprintDatabase({ endpoint: restored }));
      expect(differences.map((difference) => difference.kind)).toContain(kind);
    });
  });
});
