import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';

const FOLDER = resolve(__dirname, '../../../services/frontend/src/sentry');

/** What a route of the edge runtime would do, bundled as for that runtime. */
const ROUTE = `
import { captureEdgeError, startEdgeErrors } from './edge';
startEdgeErrors({ dsn: process.env.DSN, environment: 'test', release: '1.2.3' });
const error = new Error('ada@golive.example could not log in with password=hunter2');
await captureEdgeError(error, '/edge/[id]');
`;

describe('an error in the edge runtime', () => {
  let sentry: Server;
  const envelopes: string[] = [];

  beforeAll(async () => {
    sentry = createServer((request, response) => {
      void text(request).then((body) => {
        envelopes.push(body);
        response.end('{}');
      });
    });
    await new Promise<void>((done) => sentry.listen(0, '127.0.0.1', done));
  });

  afterAll(async () => {
    sentry.closeAllConnections();
    await new Promise((done) => sentry.close(done));
  });

  it('reaches Sentry with its route and its stack, and without what it says of a person', async () => {
    const { outputFiles } = await build({
      stdin: { contents: ROUTE, resolveDir: FOLDER, loader: 'ts' },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      conditions: ['edge-light'],
      // Next.js has it wherever its code runs; this is what Sentry's SDK asks for.
      external: ['node:*', 'async_hooks', 'next/*'],
      logLevel: 'silent',
    });
    const DSN = `http://public@127.0.0.1:${(sentry.address() as AddressInfo).port}/42`;
    const child = spawn(process.execPath, ['--input-type=module', '-'], {
      env: { PATH: process.env['PATH'], DSN },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.end(outputFiles[0]?.text);
    const [said, code] = await Promise.all([
      text(child.stderr),
      new Promise<number | null>((done) => child.once('close', done)),
    ]);
    expect([said, code]).toEqual(['', 0]);

    const events = envelopes.map(
      (envelope) => JSON.parse(envelope.split('\n')[2] ?? '') as Record<string, unknown>,
    );
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      environment: 'test',
      release: '1.2.3',
      tags: { service: 'frontend', component: 'edge', route: '/edge/[id]' },
      exception: { values: [{ type: 'Error', stacktrace: { frames: expect.any(Array) as unknown[] } }] },
    });
    expect(envelopes.join()).not.toMatch(/ada@golive\.example|hunter2/);
  });
});
