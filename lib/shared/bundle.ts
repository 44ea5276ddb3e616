import { buildSync, type BuildOptions, type Metafile } from 'esbuild';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GoLiveError } from '../../core/shared/errors';

/** Names a function by its place: `lambdas/<capability>/<name>/handler.ts`. */
export interface FunctionSource {
  readonly capability: string;
  readonly name: string;
  /** The folder that holds `<capability>/<name>`. @default the project's `lambdas/` */
  readonly root?: string | undefined;
}

/** A handler with everything it needs in one file. */
export interface Bundle {
  /** `index.js`, CommonJS. */
  readonly code: Uint8Array;
  /** Its source map. It is kept out of the asset: it would double a cold start's download. */
  readonly sourceMap: Uint8Array;
  readonly metafile: Metafile;
}

/** Thrown when a function's entry file does not exist or esbuild refuses it. */
export class BundleError extends GoLiveError {
  readonly code = 'BundleError';
}

export const PROJECT_ROOT = resolve(__dirname, '../..');

/** What a zip function's bundle may weigh, bytes: 1.5 MB, as a cold start downloads and parses all of it. */
export const BUNDLE_LIMIT_BYTES = 1_500_000;

const bundles = new Map<string, Bundle>();

/**
 * Bundles a handler, in this process and once per process, so that every environment shares the work. The
 * same sources give the same bytes: nothing in them depends on the machine, the folder or the time.
 *
 * The AWS SDK is bundled too: the runtime's own one changes under our feet and is slower to load.
 *
 * @throws BundleError when the handler does not exist or does not build
 */
export function bundleFunction(source: FunctionSource): Bundle {
  const entry = join(sourceFolder(source), 'handler.ts');
  const known = bundles.get(entry);
  if (known) return known;
  if (!existsSync(entry)) {
    throw new BundleError(`no handler at ${entry}: write one that exports "handler", or correct the name`);
  }
  const bundle = build(entry);
  bundles.set(entry, bundle);
  return bundle;
}

/** The folder of a function's sources. */
export function sourceFolder({
  root = join(PROJECT_ROOT, 'lambdas'),
  capability,
  name,
}: FunctionSource): string {
  return join(root, capability, name);
}

const OPTIONS = {
  bundle: true,
  platform: 'node',
  // Lambda runs Node 24 and our machines Node 20: the same bundle runs on both.
  target: 'node20',
  format: 'cjs',
  minify: true,
  // Error classes are searched for by name.
  keepNames: true,
  treeShaking: true,
  mainFields: ['module', 'main'],
  legalComments: 'none',
  sourcemap: 'external',
  sourcesContent: false,
  metafile: true,
  write: false,
  logLevel: 'silent',
  charset: 'utf8',
} satisfies BuildOptions;

function build(entry: string): Bundle {
  try {
    const result = buildSync({
      ...OPTIONS,
      entryPoints: [entry],
      absWorkingDir: PROJECT_ROOT,
      // Never written: it only anchors the source map's relative paths, and so keeps them the same everywhere.
      outfile: join(PROJECT_ROOT, 'index.js'),
    });
    const file = (suffix: string): Uint8Array => {
      const found = result.outputFiles.find(({ path }) => path.endsWith(suffix));
      if (!found) throw new BundleError(`esbuild gave no ${suffix} for ${entry}: check its version`);
      return found.contents;
    };
    return { code: file('index.js'), sourceMap: file('index.js.map'), metafile: result.metafile };
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError(
      `${entry} does not build: correct what esbuild says:\n${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
