/**
 * Builds the gateway into a folder: its own code in one file, the packages that it loads, its migrations, and what the
 * container asks itself. Nothing is written anywhere else, so that several builds may run at once.
 *
 *     node services/gateway/scripts/build.mjs [--into <folder>] [--release]
 *
 * `--release` is what an image holds: the packages are copied, and source maps lie by debug id in `<folder>/source-maps`,
 * which are uploaded and not deployed. Otherwise the packages are links into this checkout. The last line of standard
 * output is `{"serverEntry": "<folder>/main.js", …}`: run that file with node.
 */
import { copyFile, cp, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';
import { copyPackages, linkPackages } from './packages.mjs';

const gateway = resolve(import.meta.dirname, '..');

/**
 * @param {{ folder: string, release?: boolean }} options `folder` is made if it is not there
 * @returns {Promise<{ serverEntry: string, packages: number, bytes: number }>}
 */
export async function buildGateway({ folder, release = false }) {
  const { code, map, externals } = await bundle(gateway, release);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const serverEntry = join(folder, 'main.js');
  const [{ packages, bytes }] = await Promise.all([
    (release ? copyPackages : linkPackages)(externals, join(folder, 'node_modules')),
    writeFile(serverEntry, code),
    copyFile(join(gateway, 'scripts', 'healthcheck.cjs'), join(folder, 'healthcheck.js')),
    cp(join(gateway, 'migrations'), join(folder, 'migrations'), { recursive: true }),
  ]);
  if (map !== undefined) {
    const maps = join(folder, 'source-maps');
    await mkdir(maps);
    // The code beside it: whoever uploads finds the map by the id in both.
    await Promise.all([writeFile(join(maps, 'main.js'), code), writeFile(join(maps, 'main.js.map'), map)]);
  }
  return { serverEntry, packages, bytes };
}

if (process.argv[1] && import.meta.url === pathToFileURL(await realpath(process.argv[1])).href) {
  const { values } = parseArgs({
    options: {
      into: { type: 'string', default: join(gateway, 'dist') },
      release: { type: 'boolean', default: false },
    },
  });
  try {
    const folder = resolve(values.into);
    await mkdir(dirname(folder), { recursive: true });
    console.log(JSON.stringify(await buildGateway({ folder, release: values.release })));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
