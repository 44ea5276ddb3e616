import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export interface Envelope {
  readonly headers: IncomingHttpHeaders;
  /** All of it, as text. */
  readonly text: string;
  /** Each item's type and, where it is JSON, what it holds. */
  readonly items: readonly { readonly type: string; readonly payload: Record<string, unknown> | undefined }[];
}

/**
 * Stands for Sentry, which takes envelopes, and for Secrets Manager, which knows where it is.
 * https://develop.sentry.dev/sdk/foundations/transport/envelopes/
 */
export class SentryDouble {
  readonly envelopes: Envelope[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SentryDouble> {
    const server = createServer();
    const double = new SentryDouble(server);
    server.on('request', (request, response) => {
      void buffer(request).then((body) => {
        if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') {
          response.setHeader('content-type', 'application/x-amz-json-1.1');
          response.end(JSON.stringify({ SecretString: JSON.stringify({ dsn: double.dsn }), VersionId: '1' }));
          return;
        }
        double.#keep(
          request.headers,
          request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body,
        );
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get dsn(): string {
    return `${this.url.replace('//', '//publickey@')}/42`;
  }

  /** What a process needs to find the DSN in its secret. */
  get environment(): Record<string, string> {
    return {
      SENTRY_DSN_SECRET_ID: 'golive/test/sentry-dsn',
      AWS_ENDPOINT_URL: this.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }

  /** The items of one type, of all envelopes. */
  items(type: string): Record<string, unknown>[] {
    return this.envelopes.flatMap(({ items }) =>
      items.flatMap((item) => (item.type === type && item.payload ? [item.payload] : [])),
    );
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #keep(headers: IncomingHttpHeaders, body: Buffer): void {
    const items: { type: string; payload: Record<string, unknown> | undefined }[] = [];
    let at = body.indexOf(0x0a) + 1;
    while (at > 0 && at < body.length) {
      const end = body.indexOf(0x0a, at);
      const { type, length } = JSON.parse(body.subarray(at, end).toString()) as {
        type: string;
        length?: number;
      };
      const next = length === undefined ? body.indexOf(0x0a, end + 1) : end + 1 + length;
      const payload = body.subarray(end + 1, next === -1 ? undefined : next);
      items.push({ type, payload: objectIn(payload.toString()) });
      at = next === -1 ? -1 : next + 1;
    }
    this.envelopes.push({ headers, text: body.toString('utf8'), items });
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
