import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CuttingProxy {
  /** To be used in place of the upstream's. */
  readonly endpoint: string;
  /** How often it cut so far. */
  cuts(): number;
  close(): Promise<void>;
}

/**
 * Stands between the function and S3, and cuts the connection in the middle of each upload of a part, from the
 * given part on: the first `afterBytes` of the part arrive, then nothing. Everything else passes.
 */
export async function startCuttingProxy(
  upstream: string,
  cut: { readonly fromPart: number; readonly afterBytes: number },
): Promise<CuttingProxy> {
  const target = new URL(upstream);
  let cuts = 0;

  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const part = new URL(request.url ?? '/', upstream).searchParams.get('partNumber');
    const mustCut = request.method === 'PUT' && part !== null && Number(part) >= cut.fromPart;
    const onwards = forward(
      {
        host: target.hostname,
        port: target.port,
        method: request.method,
        path: request.url,
        headers: request.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onwards.on('error', () => response.destroy());
    response.on('close', () => onwards.destroy());
    if (!mustCut) {
      request.pipe(onwards);
      return;
    }
    let seen = 0;
    request.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen < cut.afterBytes) {
        onwards.write(chunk);
      } else if (!request.destroyed) {
        cuts += 1;
        // Both ends see a connection that broke: no answer, no clean end.
        onwards.destroy();
        request.socket.resetAndDestroy();
      }
    });
  };

  const server = createServer(pass);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', resolve);
  });
  return {
    endpoint: `http://localhost:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
