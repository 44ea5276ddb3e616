import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, forward } from './forward';
import { endToEnd, forwardedHeaders } from './forwarded-headers';
import { actionFor, type Action, type Rule } from './rules';

export interface LoadBalancerOptions {
  /** A connection on which nothing comes for so long is given up, milliseconds. @default 60000 */
  readonly idleTimeoutMs?: number;
  /**
   * `edge`: writes who came and by which way, as an Application Load Balancer. `mesh`: passes on what came, as between
   * services of one cluster.
   * @default edge
   */
  readonly kind?: 'edge' | 'mesh';
}

/** One address for several processes, in this process: it is there as soon as it listens, its rules come later. */
export class LocalLoadBalancer {
  private readonly rules: Rule[] = [];
  private otherwise: Action = { kind: 'answer', status: 503, contentType: 'text/plain', body: 'No listener' };

  private constructor(
    private readonly server: Server,
    /** `localhost:PORT` */
    readonly host: string,
  ) {}

  /** On a free port of the loopback interface. */
  static async open(options: LoadBalancerOptions = {}): Promise<LocalLoadBalancer> {
    const { idleTimeoutMs = 60_000, kind = 'edge' } = options;
    const server = createServer({ maxHeaderSize: 64 * 1024, keepAliveTimeout: idleTimeoutMs });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    // One that is opened while everything is being stopped keeps nobody.
    server.unref();
    const { port } = server.address() as AddressInfo;
    const balancer = new LocalLoadBalancer(server, `localhost:${port}`);
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const action = actionFor(incoming, balancer.rules, balancer.otherwise);
      if (action.kind === 'answer') {
        incoming.resume();
        return answer(outgoing, action.status, action.body, action.contentType);
      }
      const headers = kind === 'edge' ? forwardedHeaders(incoming, port) : endToEnd(incoming.rawHeaders);
      forward(action.group, incoming, outgoing, { headers, idleTimeoutMs });
    });
    return balancer;
  }

  get origin(): string {
    return `http://${this.host}`;
  }

  /** What becomes of a request that no rule is for. */
  listen(otherwise: Action): void {
    this.otherwise = otherwise;
  }

  addRule(rule: Rule): void {
    this.rules.push(rule);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
