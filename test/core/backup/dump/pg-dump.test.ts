import {
  inspectPgDump,
  runPgDump,
  runPgDumpInto,
  type PgDumpClient,
} from '../../../../core/backup/dump/pg-dump';
import { makeProgramFolder, type ProgramFolder } from '../../../support/fake-program';

let folder: ProgramFolder;
beforeEach(() => {
  folder = makeProgramFolder();
});
afterEach(() => folder.remove());

const version = (text: string) =>
  `if (process.argv[2] === '--version') console.log('pg_dump (PostgreSQL) ${text}');`;
const runOf = (client: Partial<PgDumpClient> = {}) => ({
  path: folder.path,
  client: { version: '17.5', majorVersion: 17, compression: 'zstd:1' as const, ...client },
  connection: { PGHOST: 'db', PGPASSFILE: '/nowhere' },
  snapshotId: '00000003-0000001B-1',
  lockWaitTimeoutMs: 60_000,
  password: 'pa:ss w0rd',
  signal: new AbortController().signal,
});
/** Runs it and reads its output to the end. */
const run = (client: Partial<PgDumpClient>, use: (output: string) => void = () => undefined) =>
  runPgDump(runOf(client), async (output) => {
    const pieces: Buffer[] = [];
    await output.forEach((piece) => void pieces.push(Buffer.from(piece)));
    use(Buffer.concat(pieces).toString());
  });

describe('the client that is installed', () => {
  test('has zstd from version 16 on', async () => {
    folder.write('pg_dump', `${version('17.5')} else { console.error('no server'); process.exit(1) }`);
    await expect(inspectPgDump(folder.path)).resolves.toEqual({
      version: '17.5',
      majorVersion: 17,
      compression: 'zstd:1',
    });
  });

  test('is used with gzip when it was built without zstd: a slower dump is better than none', async () => {
    folder.write(
      'pg_dump',
      `${version('16.1')} else { console.error('pg_dump: error: this build does not support compression with ZSTD'); process.exit(1) }`,
    );
    await expect(inspectPgDump(folder.path)).resolves.toMatchObject({ compression: 'gzip:1' });
  });

  test('is used with gzip before version 16, and is not asked', async () => {
    folder.write('pg_dump', `${version('15.18 (Debian 15.18-0+deb12u1)')} else process.exit(99)`);
    await expect(inspectPgDump(folder.path)).resolves.toEqual({
      version: '15.18',
      majorVersion: 15,
      compression: 'gzip:1',
    });
  });

  test('may be a beta', async () => {
    folder.write('pg_dump', version('19beta1'));
    await expect(inspectPgDump(folder.path)).resolves.toMatchObject({ version: '19beta1', majorVersion: 19 });
  });

  test('must be there', async () => {
    await expect(inspectPgDump(folder.path)).rejects.toMatchObject({
      code: 'ProgramNotFoundError',
      message: expect.stringContaining(`PATH ${folder.path}`) as string,
    });
  });

  test('must say what it is', async () => {
    folder.write('pg_dump', `console.error('libpq.so.5: cannot open shared object file'); process.exit(127)`);
    await expect(inspectPgDump(folder.path)).rejects.toThrow(/exited with 127.*cannot open shared object/);
  });
});

describe('a run', () => {
  const TELL = `process.stdout.write(JSON.stringify({ args: process.argv.slice(2), env: process.env }));`;

  test.each([
    [{}, '--compress=zstd:1'],
    [{ compression: 'gzip:1' as const }, '--compress=gzip:1'],
    [{ majorVersion: 15, compression: 'gzip:1' as const }, '--compress=1'],
  ])('tells %p its codec as %s', async (client, expected) => {
    folder.write('pg_dump', TELL);
    let told = '';
    await run(client, (output) => (told = output));
    expect((JSON.parse(told) as { args: string[] }).args).toEqual([
      '--format=custom',
      expected,
      '--snapshot=00000003-0000001B-1',
      '--lock-wait-timeout=60000',
      '--no-password',
    ]);
  });

  test('has an environment of its own, with nothing of ours and no password', async () => {
    folder.write('pg_dump', TELL);
    let told = '';
    await run({}, (output) => (told = output));
    expect((JSON.parse(told) as { env: object }).env).toEqual({
      PATH: folder.path,
      LANG: 'C',
      LC_ALL: 'C',
      PGHOST: 'db',
      PGPASSFILE: '/nowhere',
    });
    expect(told).not.toContain('pa:ss w0rd');
  });

  test('fails when the child fails after its whole output, as at the last moment of a real one', async () => {
    folder.write('pg_dump', `process.stdout.write('PGDMP and all the rest', () => process.exit(1))`);
    await expect(run({})).rejects.toMatchObject({ code: 'PgDumpFailedError', exitCode: 1 });
  });

  test('fails when the child dies after the header of the archive', async () => {
    folder.write('pg_dump', `process.stdout.write('PGDMP', () => process.kill(process.pid, 'SIGKILL'))`);
    await expect(run({})).rejects.toMatchObject({ code: 'PgDumpKilledError', signal: 'SIGKILL' });
  });

  test("keeps the password out of the error, as it is and in a URL's spelling", async () => {
    folder.write('pg_dump', `console.error('connecting to pa:ss w0rd and pa%3Ass%20w0rd'); process.exit(1)`);
    await expect(run({})).rejects.toMatchObject({ stderr: 'connecting to [secret] and [secret]' });
  });

  test('gives back what it warned of', async () => {
    folder.write('pg_dump', `console.error('pg_dump: warning: circular foreign keys')`);
    await expect(run({})).resolves.toBe('pg_dump: warning: circular foreign keys');
  });
});

describe('a run with several jobs', () => {
  const runInto = () =>
    runPgDumpInto({ ...runOf(), folder: '/data/archive', jobs: 4 }, async ({ exited }) => {
      await exited;
    });

  test('is told where to write, with how many, and by which snapshot', async () => {
    folder.write('pg_dump', `console.error(JSON.stringify(process.argv.slice(2)))`);
    expect(JSON.parse(await runInto())).toEqual([
      '--format=directory',
      '--jobs=4',
      '--file=/data/archive',
      '--no-sync',
      '--compress=zstd:1',
      '--snapshot=00000003-0000001B-1',
      '--lock-wait-timeout=60000',
      '--no-password',
    ]);
  });

  test('fails when pg_dump fails', async () => {
    folder.write('pg_dump', `console.error('pg_dump: error: no'); process.exit(1)`);
    await expect(runInto()).rejects.toMatchObject({ code: 'PgDumpFailedError', exitCode: 1 });
  });

  test('fails when there is no pg_dump', async () => {
    await expect(runInto()).rejects.toMatchObject({ code: 'ProgramNotFoundError' });
  });
});
