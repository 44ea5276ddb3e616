import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { runProgram } from '../../../core/postgres/program';
import { makeProgramFolder, type ProgramFolder } from '../../support/fake-program';
import { isAlive } from '../../support/processes';

let folder: ProgramFolder;
beforeEach(() => {
  folder = makeProgramFolder();
});
afterEach(() => folder.remove());

const program = (signal?: AbortSignal) => ({
  name: 'child',
  args: [],
  environment: { PATH: folder.path },
  signal,
});
const drain = async (stdout: Readable) => {
  stdout.resume();
  await once(stdout, 'end');
};
/** Writes its process id, then bytes without end. */
const ENDLESS = `process.stdout.write(process.pid + '\\n'); setInterval(() => process.stdout.write('x'.repeat(65536)), 1);`;

async function firstLine(stdout: Readable): Promise<number> {
  const [chunk] = (await once(stdout, 'data')) as [Buffer];
  return Number.parseInt(chunk.toString(), 10);
}

test('tells how it ended', async () => {
  folder.write('child', `console.error('oh'); process.exit(3)`);
  await expect(runProgram(program(), drain)).resolves.toEqual({ exitCode: 3, signal: null, stderr: 'oh' });
  folder.write('child', `process.kill(process.pid, 'SIGTERM'); setInterval(() => 0, 1000)`);
  await expect(runProgram(program(), drain)).resolves.toMatchObject({ exitCode: null, signal: 'SIGTERM' });
});

test('says which program is missing, and where it was looked for', async () => {
  await expect(runProgram(program(), drain)).rejects.toMatchObject({ code: 'ProgramNotFoundError' });
});

test('ends the child and waits for it when its consumer fails, and throws what the consumer threw', async () => {
  folder.write('child', ENDLESS);
  let pid = 0;
  const running = runProgram(program(), async (stdout) => {
    pid = await firstLine(stdout);
    throw new Error('the upload failed');
  });
  await expect(running).rejects.toThrow('the upload failed');
  expect(isAlive(pid)).toBe(false);
});

test('ends the child when it is told to stop, though nobody reads its output', async () => {
  folder.write('child', ENDLESS);
  const stop = new AbortController();
  let pid = 0;
  const running = runProgram(program(stop.signal), async (stdout) => {
    pid = await firstLine(stdout);
    stdout.pause();
    stop.abort(new Error('the deadline'));
    await once(stdout, 'close');
  });
  await expect(running).rejects.toThrow('the deadline');
  expect(isAlive(pid)).toBe(false);
});

test('kills a child that ignores SIGTERM', async () => {
  folder.write('child', `process.on('SIGTERM', () => 0); ${ENDLESS}`);
  let pid = 0;
  const running = runProgram(program(), async (stdout) => {
    pid = await firstLine(stdout);
    throw new Error('the upload failed');
  });
  await expect(running).rejects.toThrow('the upload failed');
  expect(isAlive(pid)).toBe(false);
});

test('starts nothing when it was told to stop before', async () => {
  folder.write('child', ENDLESS);
  const consume = jest.fn(drain);
  await expect(runProgram(program(AbortSignal.abort(new Error('too late'))), consume)).rejects.toThrow(
    'too late',
  );
  expect(consume).not.toHaveBeenCalled();
});
