import { build, buildSync, type BuildOptions, type BuildResult } from 'esbuild';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { GoLiveError, saidBy } from '../../core/shared/errors';

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
  /** What each source file adds to `code`, bytes. */
  readonly inputs: ReadonlyMap<string, number>;
}

/** Thrown when a function's handler does not exist or does not build. */
export class BundleError extends GoLiveError {
  readonly code = 'BundleError';
}

export const PROJECT_ROOT = resolve(__dirname, '../..');

/** What an image may hold beside its handler: whole programs, bundled alike. */
export const PROGRAMS: Readonly<Record<string, string>> = { golive: 'bin/golive.ts' };

/** What a zip function's bundle may weigh, bytes: 1.5 MB, as a cold start downloads and parses all of it. */
export const BUNDLE_LIMIT_BYTES = 1_500_000;

const HANDLER = 'handler.ts';

const bundlesByRoot = new Map<string, ReadonlyMap<string, Bundle>>();

/**
 * Gives a function's bundle. The first call bundles all functions at once, in this process: they share the
 * parsing of the AWS SDK, and every environment shares them. The same sources give the same bytes: nothing in
 * them depends on the machine, the folder or the time.
 *
 * The AWS SDK is bundled too: the runtime's own changes under our feet and is slower to load.
 *
 * @throws BundleError when the handler does not exist or does not build
 */
export function bundleFunction(source: FunctionSource): Bundle {
  const root = rootOf(source);
  const bundles = bundlesByRoot.get(root) ?? bundleAll(root);
  const bundle = bundles.get(labelOf(source));
  if (!bundle) {
    const entry = join(sourceFolder(source), HANDLER);
    throw new BundleError(`no handler at ${entry}: write one that exports "handler", or correct the name`);
  }
  return bundle;
}

/**
 * Gives a program's bundle, by its name in {@link PROGRAMS}.
 *
 * @throws BundleError when there is no such program or it does not build
 */
export function bundleProgram(name: string): Bundle {
  const root = rootOf({});
  const bundle = (bundlesByRoot.get(root) ?? bundleAll(root)).get(name);
  if (!bundle) throw new BundleError(`no program ${name}: there are ${Object.keys(PROGRAMS).join(', ')}`);
  return bundle;
}

/**
 * Source maps of all functions, by label, with paths from the project's root and no source text. Synthesis has no
 * use for them and they take as long as the code: they are made when somebody reads a stack trace, from the commit
 * that is deployed, which gives the code that is deployed.
 *
 * @throws BundleError when a handler does not build
 */
export function sourceMaps(root = rootOf({})): ReadonlyMap<string, Uint8Array> {
  const entries = handlersIn(root);
  const outputs = outputsOf(buildNow(entries, { sourcemap: 'external', sourcesContent: false }));
  return new Map([...entries.keys()].map((label) => [label, outputs.file(`${label}.js.map`)]));
}

/**
 * Bundles all functions in esbuild's own process while this one goes on, such as with loading the CDK: then
 * {@link bundleFunction} finds them done.
 *
 * @throws BundleError when a handler does not build
 */
export async function bundleAhead(): Promise<void> {
  const root = rootOf({});
  const entries = handlersIn(root);
  try {
    bundlesByRoot.set(root, bundlesOf(await build(optionsOf(entries)), entries.keys()));
  } catch (error) {
    throw bundleError(error);
  }
}

/** `backup-dump`: a function's name in logs, alarms, assemblies and the runbook. */
export function labelOf({ capability, name }: FunctionSource): string {
  return `${capability}-${name}`;
}

/** The folder of a function's sources. */
export function sourceFolder(source: FunctionSource): string {
  return join(rootOf(source), source.capability, source.name);
}

function rootOf({ root = join(PROJECT_ROOT, 'lambdas') }: Pick<FunctionSource, 'root'>): string {
  return root;
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
  metafile: true,
  write: false,
  logLevel: 'silent',
  charset: 'utf8',
  absWorkingDir: PROJECT_ROOT,
  // Nothing is written there: it only anchors source maps' relative paths, the same on every machine.
  outdir: PROJECT_ROOT,
} satisfies BuildOptions;

type Built = BuildResult<typeof OPTIONS>;

function bundleAll(root: string): ReadonlyMap<string, Bundle> {
  const entries = handlersIn(root);
  const bundles = bundlesOf(buildNow(entries), entries.keys());
  bundlesByRoot.set(root, bundles);
  return bundles;
}

function optionsOf(entries: ReadonlyMap<string, string>) {
  return { ...OPTIONS, entryPoints: [...entries].map(([out, path]) => ({ in: path, out })) };
}

function buildNow(entries: ReadonlyMap<string, string>, options: BuildOptions = {}): Built {
  try {
    return buildSync({ ...options, ...optionsOf(entries) });
  } catch (error) {
    throw bundleError(error);
  }
}

function bundlesOf(result: Built, labels: Iterable<string>): ReadonlyMap<string, Bundle> {
  const outputs = outputsOf(result);
  return new Map(
    [...labels].map((label) => [
      label,
      { code: outputs.file(`${label}.js`), inputs: outputs.inputs(`${label}.js`) },
    ]),
  );
}

function outputsOf(result: Built) {
  const contents = new Map(result.outputFiles.map((file) => [basename(file.path), file.contents]));
  return {
    file(name: string): Uint8Array {
      const found = contents.get(name);
      if (!found) throw new BundleError(`esbuild gave no ${name}: check its version`);
      return found;
    },
    inputs(name: string): ReadonlyMap<string, number> {
      const inputs = Object.entries(result.metafile.outputs[name]?.inputs ?? {});
      return new Map(inputs.map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
    },
  };
}

/** Every `<capability>/<name>/handler.ts` below a folder, by the function's label; of the project's, the programs too. */
function handlersIn(root: string): ReadonlyMap<string, string> {
  const programs = root === rootOf({}) ? Object.entries(PROGRAMS) : [];
  return new Map([
    ...programs.map(([name, path]) => [name, join(PROJECT_ROOT, path)] as const),
    ...readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name: capability }) =>
        readdirSync(join(root, capability)).map((name) => ({ capability, name, root })),
      )
      .map((source) => [labelOf(source), join(sourceFolder(source), HANDLER)] as const)
      .filter(([, path]) => existsSync(path))
      .sort(),
  ]);
}

function bundleError(cause: unknown): BundleError {
  return new BundleError(`the functions do not build: correct what esbuild says:\n${saidBy(cause)}`, {
    cause,
  });
}
