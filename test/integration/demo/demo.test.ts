import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PLAN, type DemoReport } from '../../../local/demo/demo';

const PROJECT = resolve(__dirname, '../../..');

/** Runs the demo as a person would, with a temporary folder of its own, so that we see what it leaves. */
function startDemo(temporaryFolder: string, ...args: string[]) {
  const child: ChildProcessWithoutNullStreams = spawn(
    process.execPath,
    ['--import', 'tsx', join(PROJECT, 'local/demo/main.ts'), ...args],
    { cwd: PROJECT, env: { ...process.env, TMPDIR: temporaryFolder, NO_COLOR: '1' } },
  );
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return { child, output, ended };
}

/** tsx keeps its compiled files there, which are not the demo's. */
function leftIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('tsx-') && name !== 'node-compile-cache');
}

describe('the demo', () => {
  let temporaryFolder: string;
  beforeEach(() => {
    temporaryFolder = mkdtempSync(join(tmpdir(), 'golive-test-demo-'));
    // PostgreSQL runs as another user where we are root.
    chmodSync(temporaryFolder, 0o755);
  });
  afterEach(() => rmSync(temporaryFolder, { recursive: true, force: true }));

  test('shows on real data that a backup restores to the same database and nothing broken passes for one', async () => {
    const { output, ended } = startDemo(temporaryFolder, '--json');
    const code = await ended;
    const report = JSON.parse(output.stdout) as DemoReport;
    expect(report.steps.filter(({ state }) => state !== 'passed')).toEqual([]);
    expect(report.steps.map(({ title }) => title)).toEqual(Object.values(PLAN));
    expect(report.passed).toBe(true);
    expect(code).toBe(0);
    expect(report.steps.find(({ id }) => id === 'sample')!.rows).toBeGreaterThan(500_000);
    expect(report.steps.find(({ id }) => id === 'compare')!.rows).toBe(
      report.steps.find(({ id }) => id === 'sample')!.rows,
    );
    expect(report.resources.some(({ treatment }) => treatment === 'refused')).toBe(false);
    expect(output.stderr).toContain('16 of 16 steps passed');
    expect(report.steps.find(({ id }) => id === 'trace')!.result).toContain(
      'the frontend → the gateway → PostgreSQL → Redis',
    );
    // eslint-disable-next-line no-control-regex
    expect(output.stderr).not.toMatch(/\x1b/);
    expect(leftIn(temporaryFolder)).toEqual([]);
  }, 600_000);

  test('leaves nothing behind after Ctrl-C', async () => {
    const { child, output, ended } = startDemo(temporaryFolder);
    child.stdout.on('data', () => {
      if (output.stdout.includes(' 2/16')) child.kill('SIGINT');
    });
    expect(await ended).toBe(130);
    expect(output.stdout).toContain('nothing is left behind');
    expect(leftIn(temporaryFolder)).toEqual([]);
  }, 300_000);

  test.each([
    ['--help', 0, 'stdout'],
    ['--hepl', 2, 'stderr'],
  ] as const)('answers %s with how it is used', async (argument, code, where) => {
    const { output, ended } = startDemo(temporaryFolder, argument);
    expect(await ended).toBe(code);
    expect(output[where]).toContain('npm run demo');
  });
});
