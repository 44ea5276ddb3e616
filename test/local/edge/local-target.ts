import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A process behind the load balancer, played in this one. */
export interface LocalTarget {
  readonly port: number;
  readonly server: Server;
  /** What came, but for looks at its health. */
  readonly requests: IncomingMessage[];
  health: number;
  close(): Promise<void>;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

export async function startTarget(
  handle: Handle = (_, response) => response.end('here'),
): Promise<LocalTarget> {
  const requests: IncomingMessage[] = [];
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === '/health/ready') {
      outgoing.writeHead(target.health).end();
      return;
    }
    requests.push(incoming);
    handle(incoming, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target: LocalTarget = {
    port: (server.address() as AddressInfo).port,
    server,
    requests,
    health: 200,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return target;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** Headers as they are written, which fetch would mend. */
export async function ask(
  origin: string,
  path: string,
  { headers = [], method = 'GET', body }: { headers?: string[]; method?: string; body?: string } = {},
): Promise<Answer> {
  const url = new URL(origin);
  const asked = request({
    host: url.hostname,
    port: url.port,
    path,
    method,
    headers: ['Host', url.host, ...headers],
    agent: false,
  });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    rawHeaders: answer.rawHeaders,
    body: await text(answer),
  };
}
