import { spawn, type ChildProcess } from 'node:child_process';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from '../../../../local/free-port';
import { until } from '../../../support/processes';

export interface Page {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** The frontend as a container would run it. */
export class FrontendProcess {
  /** The cookies of the one browser that asks. */
  readonly cookies = new Map<string, string>();
  readonly exited: Promise<number | null>;
  readonly #lines: string[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    readonly origin: string,
  ) {
    this.exited = new Promise((resolve) => child.once('exit', resolve));
    let rest = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        this.#lines.push(...lines);
      });
    }
  }

  /** @param origin what people type; the address itself unless given */
  static async start(
    main: string,
    environment: Record<string, string>,
    origin?: string,
  ): Promise<FrontendProcess> {
    const port = await freePort();
    const publicOrigin = origin ?? `http://localhost:${port}`;
    const child = spawn(process.execPath, [main], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        GOLIVE_ENV: 'test',
        SERVICE_VERSION: '1.2.3',
        PORT: String(port),
        BIND_ADDRESS: '127.0.0.1',
        PUBLIC_ORIGIN: publicOrigin,
        ...environment,
      },
    });
    const frontend = new FrontendProcess(child, port, publicOrigin);
    await until(() => {
      if (child.exitCode !== null)
        throw new Error(`the frontend did not start:\n${frontend.#lines.join('\n')}`);
      return frontend.log().some(({ message }) => message === 'serving');
    });
    return frontend;
  }

  /** Every line is a JSON object, or this throws. */
  log(): Record<string, unknown>[] {
    return this.#lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Asks as a browser without JavaScript would: it keeps cookies and follows nothing by itself. */
  async ask(path: string, { method = 'GET', headers = {}, body }: AskOptions = {}): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          method,
          headers: {
            ...(cookie !== '' && { cookie }),
            ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
            ...headers,
          },
        },
        resolve,
      );
      request.once('error', reject).end(body);
    });
    for (const line of response.headers['set-cookie'] ?? []) this.#keep(line);
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }

  /** Sends a form as the browser would, and opens the page that it is sent to. */
  async send(path: string, fields: Record<string, string> = {}): Promise<{ answer: Page; next: Page }> {
    const answer = await this.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: this.origin },
      body: new URLSearchParams(fields).toString(),
    });
    return { answer, next: await this.ask(answer.headers.location ?? '/no-redirect') };
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const expires = Date.parse(/Expires=([^;]*)/.exec(line)?.[1] ?? '');
    if (expires <= Date.now()) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
