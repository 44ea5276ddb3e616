import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Synthesis of one environment against an empty CDK app: the same command, feature flags and machine, taking
 * turns, so that a busy moment hits both. Prints the medians and their ratio, and exits with 1 above 2.
 *
 *     npm run bench:synth [-- repetitions]
 */
const ROOT = resolve(__dirname, '..');
const LIMIT = 2;
const repetitions = Number(process.argv[2] ?? 5);

const CONTENDERS = {
  'empty app': ['--app', 'tsx bench/empty-app.ts'],
  prod: ['--context', 'environments=prod'],
} as const;

type Contender = keyof typeof CONTENDERS;

const scratch = mkdtempSync(join(tmpdir(), 'golive-bench-synth-'));
try {
  const seconds: Record<Contender, number[]> = { 'empty app': [], prod: [] };
  for (const name of Object.keys(CONTENDERS) as Contender[]) synthesise(name); // warms the disk's cache
  for (let turn = 0; turn < repetitions; turn++) {
    for (const name of Object.keys(CONTENDERS) as Contender[]) seconds[name].push(synthesise(name));
  }
  const [empty, prod] = [median(seconds['empty app']), median(seconds.prod)];
  console.log(`median of ${repetitions}: empty app ${empty.toFixed(2)} s, prod ${prod.toFixed(2)} s`);
  console.log(`ratio ${(prod / empty).toFixed(2)}, allowed ${LIMIT}`);
  if (prod / empty > LIMIT) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Wall time of one `cdk synth`, seconds. */
function synthesise(name: Contender): number {
  const outdir = join(scratch, name.replace(' ', '-'));
  rmSync(outdir, { recursive: true, force: true });
  const started = process.hrtime.bigint();
  const run = spawnSync(
    join(ROOT, 'node_modules/.bin/cdk'),
    ['synth', '--quiet', '--output', outdir, ...CONTENDERS[name]],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}` },
    },
  );
  if (run.status !== 0) throw new Error(`${name} does not synthesise:\n${run.stdout}${run.stderr}`);
  return Number(process.hrtime.bigint() - started) / 1e9;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
