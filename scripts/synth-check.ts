import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { lint, unsuppressed } from './cfn-lint';

/**
 * Synthesises every environment twice as a stranger would: no credentials, no home folder and, where the
 * system lets us, no network. Both must be silent and hold the same bytes, and cfn-lint must have nothing to
 * say. Exits with 1 otherwise.
 */
function main(): void {
  const scratch = mkdtempSync(join(tmpdir(), 'golive-synth-check-'));
  try {
    const isolated = canIsolate();
    const [first, second] = ['first', 'second'].map((name) => synthesise(join(scratch, name), isolated)) as [
      string,
      string,
    ];
    const problems = [...differences(first, second), ...unsuppressed(lint(templatesIn(first)))];
    if (problems.length > 0) throw new Error(problems.join('\n'));
    console.log(
      `${templatesIn(first).length} templates: synthesised with no credentials${isolated ? ' and no network' : ''}, ` +
        'the same bytes twice, no warning, cfn-lint clean',
    );
    if (!isolated) console.log('note: "unshare -n" is not allowed here, so the network was there');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const ROOT = resolve(__dirname, '..');

/** Whether this system lets us run a program without a network. */
function canIsolate(): boolean {
  return spawnSync('unshare', ['-n', 'true']).status === 0;
}

function synthesise(outdir: string, isolated: boolean): string {
  const cdk = [join(ROOT, 'node_modules/.bin/cdk'), 'synth', '--quiet', '--output', outdir];
  const [command = '', ...args] = isolated ? ['unshare', '-n', ...cdk] : cdk;
  const run = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    // The app's own `tsx` stands in node_modules/.bin, as npm would put it on the PATH.
    env: {
      PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`,
      HOME: '/nonexistent',
      CI: '1',
    },
  });
  const output = `${run.stdout}${run.stderr}`;
  if (run.status !== 0) throw new Error(`cdk synth ended with ${run.status}:\n${output}`);
  const unexpected = output.split('\n').filter((line) => line.trim() !== '' && !EXPECTED.test(line));
  if (unexpected.length > 0)
    throw new Error(`cdk synth was to be silent and said:\n${unexpected.join('\n')}`);
  return outdir;
}

const EXPECTED = /^(Successfully synthesized to |Supply a stack id )/;

function differences(first: string, second: string): string[] {
  const [one, other] = [hashesOf(first), hashesOf(second)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((path) => one.get(path) !== other.get(path))
    .map((path) => `${path} differs between two syntheses`);
}

function hashesOf(folder: string): Map<string, string> {
  return new Map(
    filesIn(folder).map((path) => [
      relative(folder, path),
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    ]),
  );
}

function templatesIn(folder: string): string[] {
  return filesIn(folder).filter((path) => path.endsWith('.template.json'));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
