import type * as esbuild from 'esbuild';
import type { BuildOptions, BuildResult } from 'esbuild';
import { oncePerRun } from './once-per-run';

/** Where nothing changes while the tests run: what a test writes itself lies elsewhere. */
const SOURCES = `${process.cwd()}/lambdas/`;

/**
 * The project's functions are bundled once in a run of the tests: some twenty files synthesise something, and bundling was
 * most of what each did. Whatever else is built is built.
 */
jest.mock('esbuild', () => {
  const actual = jest.requireActual<typeof esbuild>('esbuild');
  return {
    ...actual,
    buildSync: (options: BuildOptions) =>
      isOfTheProject(options) ? kept(options) : actual.buildSync(options),
  };

  function kept(options: BuildOptions) {
    const { outputFiles, ...result } = oncePerRun(['esbuild', options], () => {
      const { outputFiles: files = [], ...rest } = actual.buildSync({ ...options, write: false });
      return {
        ...rest,
        outputFiles: files.map(({ path, hash, contents }) => ({
          path,
          hash,
          base64: Buffer.from(contents).toString('base64'),
        })),
      };
    });
    return {
      ...result,
      outputFiles: outputFiles.map(({ base64, ...file }) => ({
        ...file,
        contents: Buffer.from(base64, 'base64'),
      })),
    } as unknown as BuildResult;
  }
});

function isOfTheProject({ entryPoints, write }: BuildOptions): boolean {
  const entries = Array.isArray(entryPoints) ? entryPoints : [];
  return (
    write === false && entries.some((entry) => typeof entry === 'object' && entry.in.startsWith(SOURCES))
  );
}
