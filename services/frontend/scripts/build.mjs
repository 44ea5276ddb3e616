/**
 * Builds the frontend into a folder: `next build`, the server that starts it, and what both need to run. Nothing is written
 * anywhere else, so that several builds may run at once and none leaves anything in the checkout.
 *
 *     node services/frontend/scripts/build.mjs [--into <folder>] [--release]
 *
 * `--release` is what an image holds: minified, and with source maps by debug id in `<folder>/source-maps`, which are not
 * served (docs/frontend.md says how they are uploaded). The last line of standard output is
 * `{"serverEntry": "<folder>/main.js"}`: run that file with node. The folder is all that it needs, wherever it is moved to.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { debugIdOptions, withDebugId } from '../../observability/build/debug-ids.mjs';

const SERVICE = join('services', 'frontend');
const require = createRequire(import.meta.url);

/**
 * @param {{ folder: string, release?: boolean }} options `folder` is made if it is not there
 * @returns {Promise<{ serverEntry: string }>}
 */
export async function buildFrontend({ folder, release = false }) {
  const root = await realpath(resolve(import.meta.dirname, '../../..'));
  const modules = await realpath(join(root, 'node_modules'));
  await mkdir(folder, { recursive: true });
  const into = await realpath(folder);
  // Inside the folder: whoever removes it removes what a build that was killed has left.
  const work = await mkdtemp(join(into, 'build-'));
  try {
    // What is imported lies in several places, so what Next.js takes for the root is the folder above them all.
    const common = [root, modules].reduce(commonFolder, work);
    await layOut(root, modules, work);
    const [bundle] = await Promise.all([bundleServer(root, release), runNext(common, work, release)]);
    return { serverEntry: await assemble({ root, modules, common, work, into, release, bundle }) };
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Copies the sources: Next.js writes beside them (`.next`, `next-env.d.ts`, `tsconfig.json`) and refuses to write anywhere
 * else.
 */
async function layOut(root, modules, work) {
  const left = new Set(['node_modules', '.next', 'Dockerfile']);
  const copy = (path) =>
    cp(join(root, path), join(work, path), { recursive: true, filter: (from) => !left.has(basename(from)) });
  await Promise.all([copy(SERVICE), copy('core'), copy('tsconfig.json')]);
  await symlink(modules, join(work, 'node_modules'));
  const own = join(SERVICE, 'node_modules');
  if (await exists(join(root, own))) await symlink(join(root, own), join(work, own));
}

function commonFolder(a, b) {
  const parts = a.split(sep);
  const others = b.split(sep);
  const end = parts.findIndex((part, index) => part !== others[index]);
  return parts.slice(0, end === -1 ? undefined : end).join(sep) || sep;
}

async function runNext(common, work, release) {
  const next = join(dirname(require.resolve('next/package.json')), 'dist', 'bin', 'next');
  const child = spawn(process.execPath, [next, 'build'], {
    cwd: join(work, SERVICE),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      // Nothing is asked, and nothing is looked up.
      CI: '1',
      GOLIVE_BUILD_ROOT: common,
      GOLIVE_BUILD_RELEASE: String(release),
    },
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((settle, fail) => {
    child.once('error', fail);
    child.once('close', settle);
  });
  if (code !== 0) throw new Error(`next build ended with ${code}:\n${Buffer.concat(said).toString('utf8')}`);
}

/** The server's own code in one file; of the packages only `next` is loaded from outside. */
async function bundleServer(root, release) {
  const { outputFiles } = await build({
    entryPoints: [join(root, SERVICE, 'src/server/main.ts')],
    absWorkingDir: root,
    outfile: 'main.js',
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['next'],
    minifySyntax: true,
    minifyWhitespace: release,
    keepNames: true,
    legalComments: 'none',
    sourcemap: release ? 'external' : false,
    sourcesContent: true,
    logLevel: 'silent',
    ...(release && debugIdOptions),
  });
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text;
  const bundled = { code: text('.js'), map: text('.map') };
  return release ? withDebugId(bundled) : bundled;
}

/** Puts the parts where they run from: Next.js mirrors this machine's folders, which are nobody's business. */
async function assemble({ root, modules, common, work, into, release, bundle }) {
  const dist = join(work, SERVICE, '.next');
  const standalone = join(dist, 'standalone');
  const service = join(into, SERVICE);
  await rm(service, { recursive: true, force: true });
  await rm(join(into, 'node_modules'), { recursive: true, force: true });
  await mkdir(service, { recursive: true });
  await rename(join(standalone, relative(common, work), SERVICE, '.next'), join(service, '.next'));
  await rename(join(standalone, relative(common, modules)), join(into, 'node_modules'));
  await rename(join(dist, 'static'), join(service, '.next', 'static'));
  // For images that are made smaller, of which we have none: half of all that would be in the image.
  for (const name of ['@img', 'sharp'])
    await rm(join(into, 'node_modules', name), { recursive: true, force: true });
  const serverEntry = join(into, 'main.js');
  await writeFile(serverEntry, bundle.code);
  await copyFile(join(root, SERVICE, 'scripts', 'healthcheck.cjs'), join(into, 'healthcheck.js'));
  await keepMaps({ service, dist, into, release, bundle });
  return serverEntry;
}

const MAP_COMMENT = /\n\/(?:\/|\*)# sourceMappingURL=(?<map>[^\s?*]+)(?:\*\/)?\s*$/;

/**
 * Source maps go beside copies of the code that they belong to, into a folder that is uploaded and served by nobody. What is
 * served neither has one nor names one.
 */
async function keepMaps({ service, dist, into, release, bundle }) {
  const maps = join(into, 'source-maps');
  await rm(maps, { recursive: true, force: true });
  for (const part of ['static', 'server']) {
    const served = join(service, '.next', part);
    for (const path of await filesIn(served)) {
      if (!path.endsWith('.js') && !path.endsWith('.css')) continue;
      const code = await readFile(join(served, path), 'utf8');
      const map = MAP_COMMENT.exec(code)?.groups.map;
      if (map === undefined) continue;
      // Next.js copies the server's code without its maps.
      const mapPath = join(dirname(path), decodeURIComponent(map));
      const from = [served, join(dist, part)].map((folder) => join(folder, mapPath));
      const found = (await Promise.all(from.map(exists))).indexOf(true);
      if (release && found !== -1) {
        await mkdir(join(maps, part, dirname(path)), { recursive: true });
        await writeFile(join(maps, part, path), code);
        await copyFile(from[found], join(maps, part, mapPath));
      }
      await writeFile(join(served, path), code.replace(MAP_COMMENT, '\n'));
    }
    for (const path of await filesIn(served)) {
      if (path.endsWith('.map')) await rm(join(served, path));
    }
  }
  if (release) {
    await writeFile(join(maps, 'main.js'), bundle.code);
    await writeFile(join(maps, 'main.js.map'), bundle.map);
  }
}

async function filesIn(folder) {
  if (!(await exists(folder))) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

async function exists(path) {
  return realpath(path).then(
    () => true,
    () => false,
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(await realpath(process.argv[1])).href) {
  const { values } = parseArgs({
    options: {
      into: { type: 'string', default: join(import.meta.dirname, '..', 'dist') },
      release: { type: 'boolean', default: false },
    },
  });
  try {
    console.log(
      JSON.stringify(await buildFrontend({ folder: resolve(values.into), release: values.release })),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
