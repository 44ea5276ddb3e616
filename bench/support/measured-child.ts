import { fork } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/** Bundles a program of this folder as a function's bundle is made, so that nothing else is in its memory. */
export async function bundleChild(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${basename(name, '.ts')}.js`);
  await build({
    entryPoints: [join(__dirname, name)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
  });
  return outfile;
}

/** Gives a job to a process of its own, and returns what that measured. */
export async function inChild<Measured>(bundle: string, job: object): Promise<Measured> {
  const child = fork(bundle, [], { execArgv: ['--no-warnings'] });
  const exit = once(child, 'exit');
  const answer = once(child, 'message') as Promise<[Measured]>;
  child.send(job);
  const [measured] = await Promise.race([
    answer,
    exit.then((): never => {
      throw new Error('the work in the child failed');
    }),
  ]);
  await exit;
  return measured;
}
