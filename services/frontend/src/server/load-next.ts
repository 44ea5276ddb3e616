import type { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { ListenerOptions } from './listener';

/**
 * Loads what `next build` made, as its own `server.js` does, and gives the function that answers requests.
 * https://nextjs.org/docs/app/guides/custom-server
 *
 * @param folder where `.next` lies
 * @param upgrades what Next.js takes for the server: it would answer `Upgrade` requests past our listener
 */
export async function loadNext(folder: string, upgrades: EventEmitter): Promise<ListenerOptions['render']> {
  const manifest = await readFile(join(folder, '.next', 'required-server-files.json'), 'utf8');
  const { config } = JSON.parse(manifest) as { config: object };
  Object.assign(process.env, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
  // What server.js of the standalone output does: without it Next.js looks for a next.config, which is not there.
  process.env['__NEXT_PRIVATE_STANDALONE_CONFIG'] = JSON.stringify(config);
  process.chdir(folder);

  const { default: next } = await import('next');
  const app = next({ dev: false, dir: folder, quiet: true, httpServer: upgrades as unknown as Server });
  await app.prepare();
  return app.getRequestHandler();
}
