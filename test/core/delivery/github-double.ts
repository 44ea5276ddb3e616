import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

/**
 * A double of the part of GitHub's REST API that we use. It holds callers to what is documented: the headers, the body's
 * schema, the 65,536 characters of a comment, pages of at most 100, permissions.
 * https://docs.github.com/en/rest
 */
const CommentBody = z.strictObject({ body: z.string().min(1).max(65_536) });

interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string; readonly type: string };
}

export interface PullRequestDouble {
  readonly number: number;
  readonly base: string;
  merged_at: string | null;
  updated_at: string;
  labels: string[];
}

/** A fault for the next call whose method and path match. */
export interface Fault {
  readonly when: RegExp;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the call is done all the same. @default false */
  readonly afterwards?: boolean;
  times: number;
}

export class GitHubDouble {
  readonly calls: string[] = [];
  readonly comments = new Map<number, Comment[]>();
  readonly pullRequests: PullRequestDouble[] = [];
  readonly faults: Fault[] = [];
  readonly token = 'ghs_the-token-of-the-job';
  private nextId = 1;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly apiUrl: string,
  ) {}

  static async start(): Promise<GitHubDouble> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const double = new GitHubDouble(server, `http://127.0.0.1:${port}`);
    server.on('request', (request, response) => void double.answer(request, response));
    return double;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  comment(pullRequest: number, body: string, login = 'github-actions[bot]', type = 'Bot'): Comment {
    const comment = { id: this.nextId++, body, user: { login, type } };
    this.comments.set(pullRequest, [...this.commentsOf(pullRequest), comment]);
    return comment;
  }

  commentsOf(pullRequest: number): Comment[] {
    return this.comments.get(pullRequest) ?? [];
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', this.apiUrl);
    const call = `${request.method} ${url.pathname}`;
    this.calls.push(call);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(status === 204 ? undefined : JSON.stringify(body));
    };
    const fault = this.faults.find(({ when, times }) => times > 0 && when.test(call));
    if (fault) {
      fault.times--;
      if (fault.afterwards) this.route(request, url, Buffer.concat(chunks).toString(), () => undefined);
      send(fault.status, { message: 'a fault of the double' }, { ...fault.headers });
      return;
    }
    const { authorization, accept, 'user-agent': agent, 'x-github-api-version': version } = request.headers;
    if (authorization !== `Bearer ${this.token}`) return send(401, { message: 'Bad credentials' });
    if (accept !== 'application/vnd.github+json' || !version || !agent)
      return send(403, { message: 'Request forbidden by administrative rules' });
    this.route(request, url, Buffer.concat(chunks).toString(), send);
  }

  private route(
    request: IncomingMessage,
    url: URL,
    text: string,
    send: (status: number, body: unknown, headers?: Record<string, string>) => void,
  ): void {
    const [, path = ''] = /^\/repos\/my-company\/golive(\/.*)$/.exec(url.pathname) ?? [];
    const call = `${request.method} ${path}`;
    const match = (pattern: RegExp) => pattern.exec(call)?.slice(1).map(decodeURIComponent);
    const body = () => CommentBody.safeParse(JSON.parse(text));
    let found: string[] | undefined;
    if ((found = match(/^GET \/issues\/(\d+)\/comments$/)))
      return this.page(url, this.commentsOf(Number(found[0])), send);
    if ((found = match(/^GET \/issues\/(\d+)\/labels$/)))
      return this.page(
        url,
        this.pullRequest(found[0]).labels.map((name) => ({ name })),
        send,
      );
    if ((found = match(/^POST \/issues\/(\d+)\/comments$/))) {
      const parsed = body();
      if (!parsed.success) return send(422, { message: 'Validation Failed' });
      return send(201, this.comment(Number(found[0]), parsed.data.body));
    }
    if ((found = match(/^PATCH \/issues\/comments\/(\d+)$/))) {
      const id = Number(found[0]);
      const comment = [...this.comments.values()].flat().find((one) => one.id === id);
      const parsed = body();
      if (!comment) return send(404, { message: 'Not Found' });
      if (!parsed.success) return send(422, { message: 'Validation Failed' });
      comment.body = parsed.data.body;
      return send(200, comment);
    }
    if ((found = match(/^DELETE \/issues\/(\d+)\/labels\/([^/]+)$/))) {
      const pullRequest = this.pullRequest(found[0]);
      const [, label] = found;
      if (!pullRequest.labels.includes(label ?? '')) return send(404, { message: 'Label does not exist' });
      pullRequest.labels = pullRequest.labels.filter((name) => name !== label);
      return send(200, []);
    }
    if (match(/^GET \/pulls$/)) {
      const { state, base } = Object.fromEntries(url.searchParams);
      if (state !== 'closed') return send(422, { message: 'Validation Failed' });
      const pulls = this.pullRequests
        .filter((one) => one.base === base)
        .sort((one, other) => (one.updated_at < other.updated_at ? 1 : -1))
        .map(({ labels, ...rest }) => ({ ...rest, labels: labels.map((name) => ({ name })) }));
      return this.page(url, pulls, send);
    }
    send(404, { message: 'Not Found' });
  }

  private pullRequest(number: string | undefined): PullRequestDouble {
    const found = this.pullRequests.find((one) => one.number === Number(number));
    if (!found) throw new Error(`the double has no pull request ${number}`);
    return found;
  }

  private page(
    url: URL,
    items: readonly unknown[],
    send: (status: number, body: unknown, headers?: Record<string, string>) => void,
  ): void {
    const size = Number(url.searchParams.get('per_page') ?? 30);
    const page = Number(url.searchParams.get('page') ?? 1);
    if (size > 100) return send(422, { message: 'per_page is at most 100' });
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    const link =
      page * size < items.length ? { link: `<${next.href}>; rel="next", <${url.href}>; rel="first"` } : {};
    send(200, items.slice((page - 1) * size, page * size), link);
  }
}
