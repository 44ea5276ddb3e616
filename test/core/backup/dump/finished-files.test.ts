import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, realpathSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finishedFiles } from '../../../../core/backup/dump/finished-files';
import { openFilesOf } from '../../../../core/backup/dump/open-files';
import { runPgDumpInto } from '../../../../core/backup/dump/pg-dump';
import { makeProgramFolder, type ProgramFolder } from '../../../support/fake-program';

let programs: ProgramFolder;
let folder: string;
let archive: string;
beforeEach(() => {
  programs = makeProgramFolder();
  folder = mkdtempSync(join(tmpdir(), 'golive-test-finished-'));
  archive = join(folder, 'archive');
});
afterEach(() => {
  programs.remove();
  rmSync(folder, { recursive: true });
});

/** A pg_dump that does this, with `fs`, its folder, and what waits until something is so. */
const pgDump = (javascript: string) =>
  programs.write(
    'pg_dump',
    `const fs = require('node:fs'); const { join } = require('node:path');
     const folder = process.argv.find((arg) => arg.startsWith('--file=')).slice(7);
     const file = (name) => join(folder, name);
     const until = async (isSo) => { while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5)); };
     (async () => { fs.mkdirSync(folder); ${javascript} })();`,
  );

/** Takes every file, as the tar does, and says in which order. */
async function taken(filesOpen?: typeof openFilesOf): Promise<string[]> {
  const names: string[] = [];
  await runPgDumpInto(
    {
      path: programs.path,
      client: { version: '17.5', majorVersion: 17, compression: 'zstd:1' },
      connection: {},
      snapshotId: '1',
      lockWaitTimeoutMs: 1,
      password: 'x',
      signal: AbortSignal.timeout(30_000),
      folder: archive,
      jobs: 2,
    },
    async (running) => {
      for await (const name of finishedFiles(archive, running, filesOpen)) {
        names.push(name);
        unlinkSync(join(archive, name));
      }
    },
  );
  return names;
}

/** The second is written until the first has left; a job of the group's writes a third. */
const STEP_BY_STEP = `
  fs.writeFileSync(file('toc.dat'), 'first, as pg_dump does it');
  fs.writeFileSync(file('1.dat'), 'done');
  const second = fs.openSync(file('2.dat'), 'w');
  const job = require('node:child_process').spawn(process.execPath, ['-e',
    "require('node:fs').openSync(process.argv[1], 'w'); setInterval(() => 0, 1000)", file('3.dat')]);
  await until(() => fs.existsSync(file('3.dat')));
  await until(() => !fs.existsSync(file('1.dat')));
  fs.writeSync(second, 'more'); fs.closeSync(second);
  await until(() => !fs.existsSync(file('2.dat')));
  job.kill();`;

test('a file leaves while others are written, and the table of contents comes last', async () => {
  pgDump(STEP_BY_STEP);
  expect(await taken()).toEqual(['1.dat', '2.dat', '3.dat', 'toc.dat']);
  expect(readdirSync(archive)).toEqual([]);
});

test('where nobody can say which files are open, all leave at the end', async () => {
  pgDump(`for (const name of ['toc.dat', '1.dat', '2.dat']) fs.writeFileSync(file(name), 'x');
    setTimeout(() => fs.writeFileSync(file('done'), ''), 300)`);
  expect(await taken(() => undefined)).toEqual(['1.dat', '2.dat', 'done', 'toc.dat']);
});

test('a look that never shows a file of ours is about other processes, and not believed', async () => {
  pgDump(`fs.writeFileSync(file('toc.dat'), 'x'); const one = fs.openSync(file('1.dat'), 'w');
    setTimeout(() => process.exit(fs.existsSync(file('1.dat')) ? 0 : 9), 600)`);
  const elsewhere = jest.fn(() => new Set(['/elsewhere']));
  expect(await taken(elsewhere)).toEqual(['1.dat', 'toc.dat']);
  expect(elsewhere.mock.calls.length).toBeGreaterThan(1);
});

test('what a pg_dump that fails has written is worth nothing', async () => {
  pgDump(`fs.writeFileSync(file('toc.dat'), 'x'); fs.writeFileSync(file('1.dat'), 'x'); process.exit(1)`);
  await expect(taken(() => undefined)).rejects.toThrow('pg_dump exited with 1');
  expect(readdirSync(archive).sort()).toEqual(['1.dat', 'toc.dat']);
});

test.each([
  ['nothing', ''],
  ['no table of contents', `fs.writeFileSync(file('1.dat'), 'x')`],
])('a pg_dump that succeeds and writes %s has not succeeded', async (_, javascript) => {
  pgDump(javascript);
  await expect(taken()).rejects.toMatchObject({ code: 'EmptyArchiveError' });
});

describe('the files that a group of processes has open', () => {
  test('are named by their path without links', async () => {
    const path = join(realpathSync(folder), 'open');
    const script = `require('node:fs').openSync(process.argv[1], 'w'); console.log('it is'); setInterval(() => 0, 1000)`;
    const child = spawn(process.execPath, ['-e', script, path], { detached: true });
    await once(child.stdout, 'data');
    expect(openFilesOf(child.pid!)?.has(path)).toBe(true);
    child.kill();
    await once(child, 'exit');
    expect(openFilesOf(child.pid!)).toBeUndefined();
  });

  test('are not known of a group that is not there', () => {
    expect(openFilesOf(2 ** 22 + 1)).toBeUndefined();
  });
});
