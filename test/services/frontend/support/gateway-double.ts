import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { page } from '../../../../services/gateway/src/http/page';
import { problemDocument, PROBLEMS, type ProblemKind } from '../../../../services/gateway/src/http/problem';
import { Deployment, Project } from '../../../../services/gateway/src/projects/shapes';
import { Status } from '../../../../services/gateway/src/projects/status';
import { User } from '../../../../services/gateway/src/routes/sessions';

/** What the gateway is to be like. */
export type GatewayMode =
  | { readonly kind: 'working' }
  /** 503, as when PostgreSQL is away. */
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number }
  /** 429 for everything. */
  | { readonly kind: 'limiting'; readonly retryAfterSeconds: number }
  /** Answers what no contract knows. */
  | { readonly kind: 'confused' }
  /** Says nothing until it is let go. */
  | { readonly kind: 'holding' };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export const ADA = { email: 'ada@golive.example', password: 'correct horse battery staple' } as const;
const ADA_USER = { id: '0192d3f0-0000-7000-8000-000000000001', email: ADA.email, name: 'Ada Lovelace' };
const TOKEN_MS = 60 * 60_000;

/**
 * A gateway without a database. What it says it says by the real one's schemas, so that it cannot say what the real one
 * would not.
 */
export class GatewayDouble {
  mode: GatewayMode = { kind: 'working' };
  /** How the environment is. */
  status: Status = sampleStatus();
  projects: Project[] = sampleProjects(23);
  readonly seen: SeenRequest[] = [];
  readonly #sessions = new Set<string>();
  readonly #held: (() => void)[] = [];

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<GatewayDouble> {
    const server = createServer();
    const double = new GatewayDouble(server);
    server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void double.#answer(request, response),
    );
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Every session that was opened no longer holds. */
  endSessions(): void {
    this.#sessions.clear();
  }

  /** Opens a session without asking for a password. */
  openSession(): string {
    const token = `token.${randomUUID()}`;
    this.#sessions.add(token);
    return token;
  }

  holds(token: string): boolean {
    return this.#sessions.has(token);
  }

  /** Answers what was held, and works again. */
  letGo(): void {
    this.mode = { kind: 'working' };
    for (const go of this.#held.splice(0)) go();
  }

  get held(): number {
    return this.#held.length;
  }

  async stop(): Promise<void> {
    this.letGo();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const { pathname, searchParams } = new URL(url, 'http://gateway');
    this.seen.push({ method, path: pathname, headers: request.headers });
    const body: unknown = method === 'POST' ? await json(request) : undefined;
    if (this.mode.kind === 'holding') await new Promise<void>((resolve) => this.#held.push(resolve));
    const { mode } = this;
    const problem = (kind: ProblemKind, headers: Record<string, string> = {}) =>
      send(
        response,
        PROBLEMS[kind][0],
        problemDocument(
          { kind, message: 'As it says.', errors: undefined },
          { path: pathname, traceId: 'a'.repeat(32) },
        ),
        {
          'content-type': 'application/problem+json',
          ...headers,
        },
      );
    if (mode.kind === 'unavailable')
      return problem('unavailable', { 'retry-after': String(mode.retryAfterSeconds) });
    if (mode.kind === 'limiting')
      return problem('rate-limited', { 'retry-after': String(mode.retryAfterSeconds) });
    if (mode.kind === 'confused') return send(response, 200, { surprise: true });

    if (method === 'POST' && pathname === '/api/v1/sessions') {
      const { email, password } = body as Record<string, unknown>;
      if (email !== ADA.email || password !== ADA.password) return problem('wrong-credentials');
      const expiresAt = new Date(Date.now() + TOKEN_MS).toISOString();
      return send(response, 201, { token: this.openSession(), expiresAt, user: User.parse(ADA_USER) });
    }
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !this.#sessions.has(token)) return problem('not-signed-in');
    switch (`${method} ${pathname}`) {
      case 'DELETE /api/v1/sessions/current':
        this.#sessions.delete(token);
        response.writeHead(204).end();
        return;
      case 'GET /api/v1/me':
        return send(response, 200, User.parse(ADA_USER));
      case 'GET /api/v1/status':
        return send(response, 200, Status.parse(this.status));
      case 'GET /api/v1/projects': {
        const limit = Number(searchParams.get('limit') ?? 20);
        const from = Number(Buffer.from(searchParams.get('cursor') ?? '', 'base64url').toString() || 0);
        const items = this.projects.slice(from, from + limit);
        const end = from + limit;
        const next = end < this.projects.length ? Buffer.from(String(end)).toString('base64url') : null;
        return send(response, 200, page(Project).parse({ items, next }));
      }
      default:
        return problem('not-found');
    }
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const NAMES = [
  'Storefront',
  'Checkout',
  'Search & discovery',
  'Größenberater',
  'Invoices',
  'Mail',
  'Warehouse',
  '倉庫管理',
];

export function sampleProjects(count: number): Project[] {
  return Array.from({ length: count }, (_, index) => {
    const name = NAMES[index % NAMES.length] ?? '';
    return Project.parse({
      id: `0192d3f0-0000-7000-8000-0000000001${String(index).padStart(2, '0')}`,
      name: index < NAMES.length ? name : `${name} ${index}`,
      slug: `project-${index}`,
      repository: `https://github.com/acme/project-${index}`,
      createdAt: '2026-11-01T09:00:00.000Z',
      updatedAt: '2026-11-20T09:00:00.000Z',
    });
  });
}

export function sampleStatus(): Status {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const deployment = (index: number, state: Deployment['state'], begun: number, ended: number | null) => ({
    ...Deployment.parse({
      id: `0192d3f0-0000-7000-8000-0000000002${String(index).padStart(2, '0')}`,
      projectId: `0192d3f0-0000-7000-8000-0000000001${String(index).padStart(2, '0')}`,
      version: `1.${40 - index}.0`,
      commit: `${index}f3c9a07d1e4b25a6c8e0f1234567890abcdef12`.slice(0, 40),
      environment: index % 3 === 0 ? 'staging' : 'prod',
      state,
      createdAt: minutesAgo(begun),
      finishedAt: ended === null ? null : minutesAgo(ended),
    }),
    projectName: NAMES[index % NAMES.length] ?? '',
  });
  return {
    environment: 'test',
    version: '1.4.2',
    database: { ok: true, latencyMs: 1.3 },
    cache: { ok: true, latencyMs: 0.4 },
    projects: 23,
    deployments: { byState: { queued: 1, building: 2, live: 23, failed: 3, rolled_back: 2 } },
    latest: [
      deployment(0, 'queued', 1, null),
      deployment(1, 'building', 3, null),
      deployment(2, 'live', 42, 38),
      deployment(3, 'failed', 180, 176),
      deployment(4, 'rolled_back', 1_500, 1_490),
      deployment(5, 'live', 4_400, 4_395),
    ],
  };
}
