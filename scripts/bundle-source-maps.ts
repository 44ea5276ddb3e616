import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sourceMaps } from '../lib/shared/bundle';

/**
 * Writes every function's source map to `<folder>/<function>/index.js.map`. Run it on the commit that is deployed:
 * the same sources give the same code, so the map fits what runs.
 *
 *     npm run bundle:source-maps [-- folder]    # cdk.out/sourcemaps unless named
 */
const folder = resolve(process.argv[2] ?? 'cdk.out/sourcemaps');
for (const [label, sourceMap] of sourceMaps()) {
  mkdirSync(join(folder, label), { recursive: true });
  const file = join(folder, label, 'index.js.map');
  writeFileSync(file, sourceMap);
  console.log(`${file}: ${sourceMap.length.toLocaleString('en-GB')} bytes`);
}
