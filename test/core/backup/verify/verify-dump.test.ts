import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { PostgresEndpoint } from '../../../../core/postgres/endpoint';
import {
  verifyDump,
  type Verification,
  type VerifyDumpRequest,
  type VerifyProgress,
} from '../../../../core/backup/verify';
import { makeProgramFolder, type ProgramFolder } from '../../../support/fake-program';
import { CONTENT, CRC32, MANIFEST } from './fixtures';

/** Nobody listens there. */
const NOWHERE: PostgresEndpoint = {
  host: '127.0.0.1',
  port: 1,
  database: 'thrown_away',
  user: 'golive_admin',
  password: 'secret',
  caFile: '/etc/hostname',
};

const GOOD_PG_RESTORE = `
  const [first] = process.argv.slice(2);
  if (first === '--version') console.log('pg_restore (PostgreSQL) 15.18');`;

function refusal(status: number, name = `Status${status}`): S3ServiceException {
  return new S3ServiceException({
    name,
    message: name,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  });
}

describe('the ladder', () => {
  const s3 = new S3Client({});
  const mock = mockClient(s3);
  let temporaryFolder: string;
  let programs: ProgramFolder;

  beforeEach(() => {
    mock.reset();
    mock.on(HeadObjectCommand).resolves({ ContentLength: CONTENT.length, ChecksumCRC32: CRC32 });
    mock.on(GetObjectCommand).callsFake(() => ({ Body: Readable.from([CONTENT]) }));
    temporaryFolder = mkdtempSync(join(tmpdir(), 'golive-test-verify-'));
    programs = makeProgramFolder();
    programs.write('pg_restore', GOOD_PG_RESTORE);
  });

  afterEach(() => {
    const left = readdirSync(temporaryFolder);
    rmSync(temporaryFolder, { recursive: true });
    programs.remove();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  const verify = (changes: Partial<VerifyDumpRequest> = {}) =>
    verifyDump({
      s3,
      bucket: 'vault',
      manifest: MANIFEST,
      path: programs.path,
      temporaryFolder,
      now: () => new Date('2026-11-24T03:00:00Z'),
      ...changes,
    });

  const statuses = ({ rungs }: Verification) => rungs.map(({ status }) => status).join(' ');
  const detail = ({ rungs }: Verification, wanted: string) =>
    rungs.find(({ name }) => name === wanted)?.detail;

  test('with no database to restore into ends at readable, and says why', async () => {
    const record = await verify();
    expect(statuses(record)).toBe('passed passed not-run not-run not-run not-run');
    expect(record).toMatchObject({
      height: 'readable',
      clientVersion: '15.18',
      archiveSha256: MANIFEST.archive.sha256,
      backupId: MANIFEST.backupId,
      startedAt: '2026-11-24T03:00:00.000Z',
    });
    expect(detail(record, 'restores')).toBe('no throw-away database was given to restore into');
    expect(detail(record, 'fingerprint')).toBe('because restores was not run');
  });

  describe('speaks against the backup', () => {
    test.each([
      ['another size', { ContentLength: 5, ChecksumCRC32: CRC32 }, /5 bytes \(expected 29\)/],
      ['another checksum', { ContentLength: CONTENT.length, ChecksumCRC32: 'BBBBBB==' }, /CRC-32 BBBBBB==/],
      ['no checksum', { ContentLength: CONTENT.length }, /CRC-32 \(none\)/],
    ])('when S3 holds %s, with no download', async (_, held, said) => {
      mock.on(HeadObjectCommand).resolves(held);
      const record = await verify();
      expect(statuses(record)).toBe('failed not-run not-run not-run not-run not-run');
      expect(detail(record, 'bytes')).toMatch(said);
      expect(detail(record, 'smoke')).toBe('because bytes failed');
      expect(record.height).toBeNull();
      expect(mock.commandCalls(GetObjectCommand)).toHaveLength(0);
    });

    test('when the archive is gone, before or while it is fetched', async () => {
      mock.on(GetObjectCommand).rejects(refusal(404, 'NoSuchKey'));
      expect(statuses(await verify())).toMatch(/^failed not-run/);
      mock.on(HeadObjectCommand).rejects(refusal(404, 'NotFound'));
      expect(statuses(await verify())).toMatch(/^failed not-run/);
    });

    test('when one bit is another than the manifest says', async () => {
      const changed = Buffer.from(CONTENT);
      changed[7]! ^= 1;
      mock.on(GetObjectCommand).callsFake(() => ({ Body: Readable.from([changed]) }));
      const record = await verify();
      expect(statuses(record)).toMatch(/^failed not-run/);
      expect(detail(record, 'bytes')).toMatch(/SHA-256/);
    });

    test('when pg_restore does not read it to its end', async () => {
      programs.write(
        'pg_restore',
        `${GOOD_PG_RESTORE} else { console.error('pg_restore: error: could not read from input file: end of file'); process.exit(1); }`,
      );
      const record = await verify();
      expect(statuses(record)).toBe('passed failed not-run not-run not-run not-run');
      expect(detail(record, 'readable')).toBe(
        'pg_restore exited with 1: could not read from input file: end of file; the archive cannot be restored: choose another backup',
      );
      expect(record.height).toBe('bytes');
    });

    test('when pg_restore speaks of an error and exits with 0', async () => {
      programs.write('pg_restore', `${GOOD_PG_RESTORE} else console.error('pg_restore: error: something');`);
      expect(statuses(await verify())).toMatch(/^passed failed/);
    });
  });

  describe('says nothing of the backup', () => {
    test.each([
      [
        'S3 does not answer',
        () => mock.on(HeadObjectCommand).rejects(new Error('ECONNREFUSED')),
        /ECONNREFUSED/,
      ],
      ['S3 is overloaded', () => mock.on(GetObjectCommand).rejects(refusal(503, 'SlowDown')), /SlowDown/],
      [
        'the role may not read',
        () => mock.on(GetObjectCommand).rejects(refusal(403)),
        /the role may read it/,
      ],
      ['the role may not look', () => mock.on(HeadObjectCommand).rejects(refusal(403)), /check the bucket/],
    ])('when %s', async (_, arrange, said) => {
      arrange();
      const record = await verify();
      expect(statuses(record)).toBe('not-run not-run not-run not-run not-run not-run');
      expect(detail(record, 'bytes')).toMatch(said);
      expect(detail(record, 'readable')).toBe('because bytes was not run');
    });

    test('when there is no room, or no folder, for the archive', async () => {
      const archive = { ...MANIFEST.archive, bytes: Number.MAX_SAFE_INTEGER };
      mock.on(HeadObjectCommand).resolves({ ContentLength: archive.bytes, ChecksumCRC32: CRC32 });
      const huge = await verify({ manifest: { ...MANIFEST, archive } });
      expect(statuses(huge)).toMatch(/^not-run not-run/);
      expect(detail(huge, 'bytes')).toMatch(/free some space/);
      mock.on(HeadObjectCommand).resolves({ ContentLength: CONTENT.length, ChecksumCRC32: CRC32 });
      const nowhere = await verify({ temporaryFolder: join(temporaryFolder, 'none') });
      expect(statuses(nowhere)).toMatch(/^not-run not-run/);
    });

    test.each([
      ['is older than the archive', `console.log('pg_restore (PostgreSQL) 14.9');`, /PostgreSQL 15 or newer/],
      ['is killed', `${GOOD_PG_RESTORE} else process.kill(process.pid, 'SIGKILL');`, /ended by SIGKILL/],
    ])('when pg_restore %s', async (_, script, said) => {
      programs.write('pg_restore', script);
      const record = await verify();
      expect(statuses(record)).toBe('passed not-run not-run not-run not-run not-run');
      expect(detail(record, 'readable')).toMatch(said);
    });

    test('when pg_restore lacks the compression that the manifest names, and no other', async () => {
      programs.write(
        'pg_restore',
        `${GOOD_PG_RESTORE} else { console.error('pg_restore: error: this build does not support compression with zstd'); process.exit(1); }`,
      );
      const archive = { ...MANIFEST.archive, compression: 'zstd:1' };
      expect(statuses(await verify({ manifest: { ...MANIFEST, archive } }))).toMatch(/^passed not-run/);
      // An archive of gzip that says it is of zstd was changed.
      expect(statuses(await verify())).toMatch(/^passed failed/);
    });

    test('when there is no pg_restore', async () => {
      const empty = makeProgramFolder();
      const record = await verify({ path: empty.path });
      empty.remove();
      expect(statuses(record)).toMatch(/^passed not-run/);
      expect(record.clientVersion).toBeNull();
    });

    test.each<[string, VerifyDumpRequest['withThrowAwayDatabase'], RegExp]>([
      ['cannot be made', () => Promise.reject(new Error('CREATE DATABASE failed')), /CREATE DATABASE failed/],
      ['is never lent', () => Promise.resolve(undefined as never), /no throw-away database was lent/],
      ['does not answer', (use) => use({ ...NOWHERE }), /127\.0\.0\.1:1/],
    ])('when the throw-away database %s', async (_, withThrowAwayDatabase, said) => {
      const record = await verify({ withThrowAwayDatabase });
      expect(statuses(record)).toBe('passed passed not-run not-run not-run not-run');
      expect(detail(record, 'restores')).toMatch(said);
      expect(detail(record, 'restores')).not.toContain(NOWHERE.password);
      expect(detail(record, 'smoke')).toBe('because restores was not run');
    });

    test('when the throw-away database is taken back while it is in use, and nobody works on', async () => {
      const record = await verify({
        withThrowAwayDatabase: async (use) => {
          void use(NOWHERE);
          await Promise.resolve();
          throw new Error('the task is drained');
        },
      });
      expect(statuses(record)).toBe('passed passed not-run not-run not-run not-run');
      expect(detail(record, 'restores')).toContain('the task is drained');
    });

    test('and what cannot be dropped afterwards is told', async () => {
      const record = await verify({
        withThrowAwayDatabase: async (use) => {
          await use(NOWHERE);
          throw new Error('DROP DATABASE failed');
        },
      });
      expect(detail(record, 'restores')).toMatch(/drop it: Error: DROP DATABASE failed$/);
    });
  });

  describe('when it is stopped', () => {
    test('throws the reason, and leaves nothing', async () => {
      const controller = new AbortController();
      const onProgress = ({ state }: VerifyProgress) => {
        if (state === 'running') controller.abort(new Error('Ctrl-C'));
      };
      await expect(verify({ signal: controller.signal, onProgress })).rejects.toThrow('Ctrl-C');
    });

    test('in the throw-away database throws it too, after the lender has cleared up', async () => {
      const controller = new AbortController();
      const steps: string[] = [];
      const stopped = verify({
        signal: controller.signal,
        withThrowAwayDatabase: async (use) => {
          controller.abort(new Error('Ctrl-C'));
          try {
            return await use(NOWHERE);
          } finally {
            steps.push('dropped');
          }
        },
      });
      await expect(stopped).rejects.toThrow('Ctrl-C');
      expect(steps).toEqual(['dropped']);
    });

    test('while pg_restore reads throws it too', async () => {
      const controller = new AbortController();
      const onProgress = ({ rung }: VerifyProgress) => {
        if (rung === 'readable') controller.abort(new Error('Ctrl-C'));
      };
      await expect(verify({ signal: controller.signal, onProgress })).rejects.toThrow('Ctrl-C');
    });

    test('before it began asks nobody', async () => {
      await expect(verify({ signal: AbortSignal.abort(new Error('Ctrl-C')) })).rejects.toThrow('Ctrl-C');
      expect(mock.calls()).toHaveLength(0);
    });
  });

  test('tries each rung once, also when the database is lent twice', async () => {
    const ended: string[] = [];
    await verify({
      withThrowAwayDatabase: async (use) => {
        await use(NOWHERE);
        return await use(NOWHERE);
      },
      onProgress: ({ rung, state }) => {
        if (state === 'ended') ended.push(rung);
      },
    });
    expect(ended).toEqual(['bytes', 'readable', 'restores', 'structure', 'fingerprint', 'smoke']);
  });

  test('says which rung it is on and how far', async () => {
    const told: VerifyProgress[] = [];
    await verify({ onProgress: (progress) => told.push(progress) });
    const bytes = { rung: 'bytes', state: 'running', doneBytes: CONTENT.length, totalBytes: CONTENT.length };
    expect(told.slice(0, 4)).toMatchObject([
      { rung: 'bytes', state: 'began' },
      bytes,
      { rung: 'bytes', state: 'ended', result: { status: 'passed' } },
      { rung: 'readable', state: 'began' },
    ]);
  });
});
