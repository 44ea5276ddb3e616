import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { debugIdOptions, withDebugId } from '../../observability/build/debug-ids.mjs';

/**
 * Our own code in one file: the gateway's, the observability kit's, and what they use of core. Packages stay outside, or
 * what traces them could not get between.
 *
 * @param {string} gateway
 * @param {boolean} release
 * @returns {Promise<{ code: string, map: string | undefined, externals: { name: string, from: string }[] }>}
 *   `externals`: the packages that are loaded, each with a folder from which it is found
 */
export async function bundle(gateway, release) {
  if (!existsSync(join(gateway, 'src', 'generated', 'prisma', 'client.ts'))) {
    throw new Error('there is no Prisma client; make it with: npm run generate --workspace services/gateway');
  }
  const root = join(gateway, '..', '..');
  const { outputFiles, metafile } = await build({
    entryPoints: [join(gateway, 'src', 'main.ts')],
    absWorkingDir: root,
    outfile: 'main.js',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    plugins: [packagesStayOutside],
    minifySyntax: true,
    minifyWhitespace: release,
    keepNames: true,
    legalComments: 'none',
    sourcemap: release ? 'external' : 'inline',
    sourcesContent: true,
    logLevel: 'silent',
    // esbuild takes import.meta.url of Prisma's client for missing in CommonJS; it is never asked for there.
    logOverride: { 'empty-import-meta': 'silent' },
    ...(release && debugIdOptions),
  });
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text;
  const bundled = { code: text('.js'), map: text('.map') };
  const { code, map } = release ? withDebugId(bundled) : bundled;
  return { code, map, externals: externalsOf(metafile, root) };
}

const builtins = new Set(builtinModules);

const packagesStayOutside = {
  name: 'packages-stay-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@golive/') ? undefined : { path, external: true },
    );
  },
};

function externalsOf({ inputs }, root) {
  const found = new Map();
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path, external } of imports) {
      // Among them stand esbuild's own helpers, `<runtime>`, and imports of our own that were types alone.
      if (!external || /^(node:|<|\.)/.test(path) || builtins.has(path)) continue;
      const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/');
      const from = dirname(join(root, file));
      found.set(`${name} ${from}`, { name, from });
    }
  }
  return [...found.values()];
}
