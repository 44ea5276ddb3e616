import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { folderOncePerRun } from './once-per-run';

const ROOT = resolve(__dirname, '../..');

/**
 * A TypeScript program in one file, bundled once in a run of the tests: `tsx` reads hundreds of files each time that one is
 * started, and that is most of what a short one takes. Nothing that looks for its data beside its own file will find it.
 *
 * @param entry the file, absolute
 * @returns the bundle
 */
export async function bundledProgram(entry: string): Promise<string> {
  const name = relative(ROOT, entry).replaceAll(/[^\w-]+/g, '-');
  const file = `${basename(entry, '.ts')}.js`;
  const folder = await folderOncePerRun(name, async (made) => {
    await mkdir(made, { recursive: true });
    await build({
      entryPoints: [entry],
      outfile: join(made, file),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      // pg looks for it, and does without.
      external: ['pg-native'],
      logLevel: 'error',
    });
    // Started beside whoever starts it.
    await copyFile(join(ROOT, 'core/shared/supervisor-process.mjs'), join(made, 'supervisor-process.mjs'));
  });
  return join(folder, file);
}
