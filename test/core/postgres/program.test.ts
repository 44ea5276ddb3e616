import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { outputOf, runProgram } from '../../../core/postgres/program';
import type { ProgramOutput } from '../../../core/postgres/program-output';
import { makeProgramFolder, type ProgramFolder } from '../../support/fake-program';
import { isAlive, until } from '../../support/processes';

let folder: ProgramFolder;
beforeEach(() => {
  folder = makeProgramFolder();
});
afterEach(() => folder.remove());

const drain = (output: ProgramOutput) => output.forEach(() => undefined);
/** Writes its process id, then bytes without end. */
const ENDLESS = `process.stdout.write(process.pid + '\\n'); setInterval(() => process.stdout.write('x'.repeat(65536)), 1);`;

describe.each([
  ['a stream', false],
  ['a named pipe', true],
])('a program that writes to %s', (_kind, writesMuch) => {
  const program = (signal?: AbortSignal) => ({
    name: 'child',
    args: [],
    environment: { PATH: folder.path },
    signal,
    writesMuch,
  });

  test('gives every byte in order, whatever the reader’s pace, and leaves no file', async () => {
    folder.write(
      'child',
      `for (let i = 0; i < 100_000; i++) process.stdout.write(String(i).padStart(9, '0') + '\\n')`,
    );
    const expected = Array.from({ length: 100_000 }, (_, i) => `${String(i).padStart(9, '0')}\n`).join('');
    expect((await outputOf(program())).stdout).toBe(expected);
    const slowly: string[] = [];
    let isBusy = false;
    await runProgram(program(), (output) =>
      output.forEach(async (piece) => {
        expect(isBusy).toBe(false);
        isBusy = true;
        const size = piece.length;
        await new Promise((resolve) => setTimeout(resolve, slowly.length % 3));
        isBusy = false;
        slowly.push(piece.subarray(0, size).toString());
      }),
    );
    expect(slowly.join('')).toBe(expected);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`golive-pipe-${process.pid}-`))).toEqual(
      [],
    );
  });

  test('tells how it ended', async () => {
    folder.write('child', `console.error('oh'); process.exit(3)`);
    await expect(runProgram(program(), drain)).resolves.toEqual({ exitCode: 3, signal: null, stderr: 'oh' });
    folder.write('child', `process.kill(process.pid, 'SIGTERM'); setInterval(() => 0, 1000)`);
    await expect(runProgram(program(), drain)).resolves.toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  });

  test('says which program is missing, and where it was looked for', async () => {
    await expect(runProgram(program(), drain)).rejects.toMatchObject({ code: 'ProgramNotFoundError' });
  });

  test.each([
    ['ends the child and waits for it when its consumer fails, and throws what the consumer threw', ENDLESS],
    ['kills a child that ignores SIGTERM', `process.on('SIGTERM', () => 0); ${ENDLESS}`],
  ])('%s', async (_what, script) => {
    folder.write('child', script);
    let pid = 0;
    const running = runProgram(program(), async (output) => {
      await output.forEach((piece) => {
        pid = Number.parseInt(piece.toString(), 10);
        throw new Error('the upload failed');
      });
    });
    await expect(running).rejects.toThrow('the upload failed');
    expect(isAlive(pid)).toBe(false);
  });

  test('ends the child when it is told to stop, though nobody reads its output', async () => {
    folder.write('child', ENDLESS);
    const stop = new AbortController();
    let pid = 0;
    const running = runProgram(program(stop.signal), async (output) => {
      await output.forEach((piece) => {
        pid = Number.parseInt(piece.toString(), 10);
        setTimeout(() => stop.abort(new Error('the deadline')), 100);
        return new Promise(() => undefined);
      });
    });
    await expect(running).rejects.toThrow('the deadline');
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
});

describe('a program that starts others', () => {
  /** Starts one that ignores SIGTERM and its parent's end, and tells its process id. */
  const WITH_A_CHILD = `
    const { spawn } = require('node:child_process');
    const script = "process.on('SIGTERM', () => 0); console.log(process.pid); setInterval(() => 0, 1000)";
    spawn(process.execPath, ['-e', script], { stdio: 'inherit' });`;
  const program = (signal?: AbortSignal) => ({
    name: 'child',
    args: [],
    environment: { PATH: folder.path },
    signal,
    startsOthers: true,
  });

  test('takes them with it when it is killed', async () => {
    folder.write('child', WITH_A_CHILD);
    let other = 0;
    const end = await runProgram(program(), (output, { pid }) =>
      output.forEach((piece) => {
        other = Number.parseInt(piece.toString(), 10);
        process.kill(pid!, 'SIGKILL');
      }),
    );
    expect(end).toMatchObject({ signal: 'SIGKILL' });
    await until(() => !isAlive(other));
  });

  test('ends with them when it is told to stop', async () => {
    folder.write('child', `${WITH_A_CHILD} setInterval(() => 0, 1000);`);
    const stop = new AbortController();
    let other = 0;
    const running = runProgram(program(stop.signal), (output) =>
      output.forEach((piece) => {
        other = Number.parseInt(piece.toString(), 10);
        stop.abort(new Error('the deadline'));
      }),
    );
    await expect(running).rejects.toThrow('the deadline');
    await until(() => !isAlive(other));
  });

  test('tells how it ended before the last of them has', async () => {
    folder.write('child', `${WITH_A_CHILD} setTimeout(() => process.exit(3), 200);`);
    let told: unknown;
    const end = await runProgram(program(), async (output, { exited }) => {
      void exited.then((exit) => (told = exit));
      await drain(output);
    });
    expect(told).toEqual({ exitCode: 3, signal: null });
    expect(end.exitCode).toBe(3);
  });
});
