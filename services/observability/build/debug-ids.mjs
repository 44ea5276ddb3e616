/**
 * Source maps by debug id, for what esbuild bundles: the code says its id, the map says the same, and Sentry brings them
 * together whatever the release is called or the file lies at. The id is made of the code, so the same sources give the same
 * bytes and the same id.
 *
 *     const built = await build({ …, ...debugIdOptions, write: false, sourcemap: 'external' });
 *     const { code, map } = withDebugId({ code: …, map: … });
 *
 * The code goes into the image, and the code with its map into what is uploaded (docs/observability.md).
 *
 * https://docs.sentry.io/platforms/javascript/sourcemaps/troubleshooting_js/debug-ids/
 */
import { createHash } from 'node:crypto';

/** Stands where the id comes, as long as it is: so the map's columns stay true. */
const PLACE = '00000000-dead-beef-0000-000000000000';

/**
 * What esbuild puts around the code. A bundle's own `"use strict"` would come after this and count for nothing, so the
 * banner begins with one.
 */
export const debugIdOptions = {
  banner: {
    js: `"use strict";(()=>{try{const s=new Error().stack;if(s)(globalThis._sentryDebugIds??={})[s]="${PLACE}"}catch{}})();`,
  },
  footer: { js: `//# debugId=${PLACE}` },
};

/**
 * Gives what was built with {@link debugIdOptions} its id.
 *
 * @param {{ code: string, map?: string | undefined }} built
 * @returns {{ id: string, code: string, map: string | undefined }}
 * @throws {Error} when it was built without them
 */
export function withDebugId({ code, map }) {
  if (code.split(PLACE).length !== 3) {
    throw new Error('the code has no place for a debug id: build it with debugIdOptions');
  }
  const id = uuidOf(code);
  return {
    id,
    code: code.replaceAll(PLACE, id),
    map: map && JSON.stringify({ ...JSON.parse(map), debugId: id, debug_id: id }),
  };
}

/** A UUID of version 4 by its form, made of a text. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
