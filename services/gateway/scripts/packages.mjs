import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, realpath, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * Links the packages that the bundle itself loads; what those load is found from where they really are.
 *
 * @param {readonly { name: string, from: string }[]} externals
 * @param {string} folder such as `dist/node_modules`
 */
export async function linkPackages(externals, folder) {
  const direct = await directPackages(externals);
  for (const [name, place] of direct) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await symlink(place, join(folder, name));
  }
  return { packages: direct.size, bytes: 0 };
}

/**
 * Copies them with all that they depend on, and nothing else: neither what only builds and tests, as Prisma's command
 * line, which npm takes for needed because the client has it as an optional peer, nor what nobody reads at run time. The
 * versions are those that are installed.
 *
 * Each is there once, in a folder of its own beside links to what it depends on, as pnpm does it: so each finds the very
 * version that it finds here.
 *
 * @param {readonly { name: string, from: string }[]} externals
 * @param {string} folder
 */
export async function copyPackages(externals, folder) {
  const direct = await directPackages(externals);
  const closure = await closureOf(direct.values());
  const placeOf = new Map();
  for (const [from, { name, version }] of closure) {
    // npm installs one version twice where their own dependencies are to differ.
    const id = `${name.replace('/', '+')}@${version}+${placeOf.size}`;
    placeOf.set(from, join(folder, '.packages', id, 'node_modules', name));
  }
  for (const [name, from] of direct) await link(join(folder, name), placeOf.get(from));
  let bytes = 0;
  for (const [from, { name, dependencies, perhaps }] of closure) {
    const place = placeOf.get(from);
    bytes += await copyPackage(from, place);
    const beside = place.slice(0, -name.length);
    for (const [dependency, found] of [...dependencies, ...perhaps]) {
      // An optional peer that nobody else needs is left out.
      if (placeOf.has(found) && found !== from) await link(join(beside, dependency), placeOf.get(found));
    }
  }
  return { packages: closure.size, bytes };
}

/** All packages that are needed, by where they are; `perhaps` are those that one works with if they are there. */
async function closureOf(first) {
  const closure = new Map();
  const waiting = [...first];
  for (let from = waiting.shift(); from; from = waiting.shift()) {
    if (closure.has(from)) continue;
    const described = await describe(from);
    closure.set(from, described);
    waiting.push(...described.dependencies.values());
  }
  return closure;
}

async function describe(from) {
  const manifest = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'));
  const {
    name,
    version,
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = manifest;
  const dependencies = new Map();
  const perhaps = new Map();
  const isLeft = (dependency) => dependency.startsWith('@types/') || NOT_AT_RUN_TIME.has(dependency);
  for (const dependency of Object.keys({
    ...manifest.dependencies,
    ...optionalDependencies,
    ...peerDependencies,
  })) {
    if (isLeft(dependency)) continue;
    const found = await find(dependency, from);
    const isPeer = !(dependency in { ...manifest.dependencies, ...optionalDependencies });
    if (found !== undefined) {
      (isPeer && peerDependenciesMeta[dependency]?.optional ? perhaps : dependencies).set(dependency, found);
    } else if (!isPeer && !(dependency in optionalDependencies)) {
      throw new Error(`${from} needs ${dependency}, which is not installed; run npm ci`);
    }
  }
  return { name, version, dependencies, perhaps };
}

/** A link that holds wherever the folder is moved to. */
async function link(path, target) {
  await mkdir(dirname(path), { recursive: true });
  await symlink(relative(dirname(path), target), path);
}

async function directPackages(externals) {
  const direct = new Map();
  for (const { name, from } of externals) {
    const place = await find(name, from);
    if (place === undefined) throw new Error(`${from} loads ${name}, which is not installed; run npm ci`);
    if ((direct.get(name) ?? place) !== place) {
      throw new Error(
        `two versions of ${name} are loaded by one bundle: ${direct.get(name)} and ${place}; pin one`,
      );
    }
    direct.set(name, place);
  }
  return direct;
}

/** What a package names as needed, and loads only where something is built. */
const NOT_AT_RUN_TIME = new Set([
  // Of @sentry/node, for `@sentry/node/vite` and its like: Babel, parsers and Sentry's command line.
  '@sentry/bundler-plugins',
]);

/** Where Node finds a package, from a folder of this machine. */
async function find(name, from) {
  for (let folder = await realpath(from); ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return await realpath(place);
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * Types, maps, texts for people; Prisma's compilers for other databases, some ten megabytes each; and what OpenTelemetry
 * has for bundlers.
 */
const LEFT_OUT = [
  /\.(map|md|markdown|d\.[cm]?ts|flow)$/,
  /query_compiler_\w+\.(cockroachdb|mysql|sqlite|sqlserver)\./,
  /\/node_modules$/,
  /@opentelemetry\/[\w-]+\/build\/(esm|esnext)$/,
];
/** At the top of a package. */
const LEFT_OUT_FOLDERS = new Set(['.github', 'docs', 'example', 'examples', 'test', 'tests', '__tests__']);

async function copyPackage(from, to) {
  let bytes = 0;
  const copy = async (source, target) => {
    await mkdir(target, { recursive: true });
    for (const entry of await readdir(source, { withFileTypes: true })) {
      const path = join(source, entry.name);
      const isLeft = source === from && entry.isDirectory() && LEFT_OUT_FOLDERS.has(entry.name);
      if (isLeft || LEFT_OUT.some((pattern) => pattern.test(path))) continue;
      if (entry.isDirectory()) {
        await copy(path, join(target, entry.name));
        continue;
      }
      await copyFile(path, join(target, entry.name));
      bytes += (await stat(path)).size;
    }
  };
  await copy(from, to);
  return bytes;
}
