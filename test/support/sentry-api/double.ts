import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type * as z from 'zod';
import { AlertBody, CronMonitorBody, DetectorBody, SettingsBody } from './schemas';
import {
  alertAnswer,
  detectorAnswer,
  monitorAnswer,
  newSettings,
  type StoredAlert,
  type StoredDetector,
  type StoredMonitor,
} from './state';

/** A fault for the next calls whose method and path match. */
export interface Fault {
  readonly when: RegExp;
  /** `lost`: the connection ends without an answer. `never`: it stays open. */
  readonly answer: number | 'lost' | 'never';
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the call is done all the same. @default false */
  readonly afterwards?: boolean;
  times: number;
}

type Send = (status: number, body?: unknown, headers?: Readonly<Record<string, string>>) => void;
type Route = (found: readonly string[], body: unknown, url: URL, send: Send) => void;

/**
 * A double of the part of Sentry's API that `golive sentry` uses. It holds callers to what is documented: the token and
 * its scopes, the slash at the end, each body's schema, pages with cursors, limits on how often and on how many at once.
 */
export class SentryApiDouble {
  readonly calls: string[] = [];
  readonly bodies: { readonly call: string; readonly body: unknown }[] = [];
  readonly faults: Fault[] = [];
  readonly token = 'sntryu_the-token-of-the-operator';
  readonly scopes = new Set([
    'org:read',
    'org:write',
    'project:read',
    'project:write',
    'alerts:read',
    'alerts:write',
  ]);
  /** Environments that have sent an event: a rule can name no other. */
  readonly environments = new Set(['prod']);
  readonly integrations = new Map([
    ['501', 'pagerduty'],
    ['502', 'slack'],
  ]);
  readonly organization = newSettings('1', 'my-company');
  readonly projects = new Map([['golive', newSettings('11', 'golive')]]);
  readonly alerts: StoredAlert[] = [];
  readonly detectors: StoredDetector[] = [];
  readonly monitors: StoredMonitor[] = [];
  /** Rules of older kinds, which nobody of ours reads further than their name. */
  readonly strangeAlerts: object[] = [];
  /** Items of a page at most. */
  pageSize = 100;
  /** How many calls may be under way at once. */
  concurrentLimit = 25;
  mostAtOnce = 0;
  /** How long each answer takes, so that calls overlap. */
  latencyMs = 0;
  /** Whether Sentry has made the issue stream of each project. */
  hasIssueStreams = true;
  private underWay = 0;
  private nextId = 1000;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly url: string,
  ) {}

  static async start(): Promise<SentryApiDouble> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const double = new SentryApiDouble(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => void double.receive(request, response));
    return double;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Calls that change something. */
  get changes(): string[] {
    return this.calls.filter((call) => !call.startsWith('GET '));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.underWay);
    response.once('close', () => this.underWay--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.latencyMs > 0) await wait(this.latencyMs);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '', this.url);
    const call = `${request.method} ${url.pathname}`;
    this.calls.push(call);
    const send: Send = (status, body, headers = {}) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-sentry-rate-limit-limit': '40',
        'x-sentry-rate-limit-remaining': '39',
        'x-sentry-rate-limit-reset': String(Math.ceil(Date.now() / 1000) + 1),
        'x-sentry-rate-limit-concurrentlimit': String(this.concurrentLimit),
        'x-sentry-rate-limit-concurrentremaining': String(this.concurrentLimit - this.underWay),
        ...headers,
      });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    if (this.underWay > this.concurrentLimit)
      return send(429, {
        detail: 'You are attempting to go above the allowed concurrency for this endpoint.',
      });
    const fault = this.faults.find(({ when, times }) => times > 0 && when.test(call));
    if (fault) {
      fault.times--;
      if (fault.afterwards) this.route(request, url, text, () => undefined);
      if (fault.answer === 'never') return;
      if (fault.answer === 'lost') return void response.destroy();
      return send(fault.answer, { detail: 'a fault of the double' }, fault.headers);
    }
    this.route(request, url, text, send);
  }

  private route(request: IncomingMessage, url: URL, text: string, send: Send): void {
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return send(401, { detail: 'Invalid token' });
    const call = `${request.method} ${url.pathname}`;
    for (const [pattern, scope, route] of this.routes()) {
      const found = pattern.exec(call);
      if (!found) continue;
      if (!this.scopes.has(scope))
        return send(403, { detail: 'You do not have permission to perform this action.' });
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      if (body !== undefined) {
        this.bodies.push({ call, body });
        if (request.headers['content-type'] !== 'application/json')
          return send(415, { detail: 'Unsupported media type' });
      }
      return route(found.slice(1).map(decodeURIComponent), body, url, send);
    }
    send(404, { detail: 'The requested resource does not exist' });
  }

  private routes(): readonly (readonly [RegExp, string, Route])[] {
    const org = '/api/0/organizations/my-company';
    const on = (pattern: string, scope: string, route: Route) =>
      [new RegExp(`^${pattern}$`), scope, route] as const;
    return [
      on(`GET ${org}/`, 'org:read', (_, __, ___, send) => send(200, this.organization)),
      on(`PUT ${org}/`, 'org:write', (_, body, __, send) => this.set(this.organization, body, send)),
      on('GET /api/0/projects/my-company/([^/]+)/', 'project:read', ([slug], _, __, send) =>
        this.withProject(slug, send, (project) => send(200, project)),
      ),
      on('PUT /api/0/projects/my-company/([^/]+)/', 'project:write', ([slug], body, __, send) =>
        this.withProject(slug, send, (project) => this.set(project, body, send)),
      ),
      on(`GET ${org}/workflows/`, 'alerts:read', (_, __, url, send) =>
        this.page(url, [...this.strangeAlerts, ...this.alerts.map(alertAnswer)], send),
      ),
      on(`POST ${org}/workflows/`, 'alerts:write', (_, body, __, send) =>
        this.saveAlert(undefined, body, send),
      ),
      on(`PUT ${org}/workflows/(\\d+)/`, 'alerts:write', ([id], body, __, send) =>
        this.saveAlert(id, body, send),
      ),
      on(`DELETE ${org}/workflows/(\\d+)/`, 'alerts:write', ([id], _, __, send) =>
        this.remove(this.alerts, (one) => one.id === id, 204, send),
      ),
      on(`GET ${org}/detectors/`, 'alerts:read', (_, __, url, send) => this.listDetectors(url, send)),
      on(`POST ${org}/projects/([^/]+)/detectors/`, 'alerts:write', ([slug], body, _, send) =>
        this.withProject(slug, send, ({ id }) => this.saveDetector(undefined, id, body, send)),
      ),
      on(`PUT ${org}/detectors/(\\d+)/`, 'alerts:write', ([id], body, _, send) =>
        this.saveDetector(id, undefined, body, send),
      ),
      on(`DELETE ${org}/detectors/(\\d+)/`, 'alerts:write', ([id], _, __, send) =>
        this.remove(this.detectors, (one) => one.id === id, 204, send),
      ),
      on(`GET ${org}/monitors/`, 'alerts:read', (_, __, url, send) =>
        this.page(url, this.monitors.map(monitorAnswer), send),
      ),
      on(`POST ${org}/monitors/`, 'alerts:write', (_, body, __, send) =>
        this.saveMonitor(undefined, body, send),
      ),
      on(`PUT ${org}/monitors/([^/]+)/`, 'alerts:write', ([slug], body, _, send) =>
        this.saveMonitor(slug, body, send),
      ),
      on(`DELETE ${org}/monitors/([^/]+)/`, 'alerts:write', ([slug], _, __, send) =>
        this.remove(this.monitors, (one) => one.slug === slug, 202, send),
      ),
    ];
  }

  private set(settings: object, body: unknown, send: Send): void {
    const parsed = refuse(SettingsBody, body, send);
    if (parsed) send(200, Object.assign(settings, parsed));
  }

  private saveAlert(id: string | undefined, body: unknown, send: Send): void {
    const parsed = refuse(AlertBody, body, send);
    if (!parsed) return;
    const { environment, detectorIds, actionFilters } = parsed;
    if (environment !== null && !this.environments.has(environment))
      return send(400, { environment: ['Environment does not exist.'] });
    const known = new Set([
      ...this.detectors.map((one) => one.id),
      ...this.issueStreams().map((one) => one.id),
    ]);
    if (detectorIds.some((one) => !known.has(one)))
      return send(400, { detectorIds: ['Some detectors do not exist.'] });
    for (const { type, integrationId } of actionFilters.flatMap(({ actions }) => actions)) {
      if (this.integrations.get(integrationId) !== type)
        return send(400, {
          actionFilters: [{ integrationId: [`Integration ${integrationId} is not installed.`] }],
        });
    }
    if (id === undefined) {
      const stored = { ...parsed, id: this.newId(), dateCreated: new Date().toISOString() };
      this.alerts.push(stored);
      return send(201, alertAnswer(stored));
    }
    const index = this.alerts.findIndex((one) => one.id === id);
    const before = this.alerts[index];
    if (!before) return send(404, { detail: 'The requested resource does not exist' });
    const stored = { ...parsed, id, dateCreated: before.dateCreated };
    this.alerts[index] = stored;
    send(200, alertAnswer(stored));
  }

  private saveDetector(
    id: string | undefined,
    projectId: string | undefined,
    body: unknown,
    send: Send,
  ): void {
    const parsed = refuse(DetectorBody, body, send);
    if (!parsed) return;
    if (id === undefined) {
      const stored = {
        id: this.newId(),
        projectId: projectId ?? parsed.projectId,
        dateCreated: new Date().toISOString(),
        body: parsed,
      };
      this.detectors.push(stored);
      return send(201, detectorAnswer(stored));
    }
    const stored = this.detectors.find((one) => one.id === id);
    if (!stored) return send(404, { detail: 'The requested resource does not exist' });
    if (stored.body.type !== parsed.type)
      return send(400, { type: ['The type of a monitor cannot change.'] });
    stored.body = parsed;
    send(200, detectorAnswer(stored));
  }

  private saveMonitor(slug: string | undefined, body: unknown, send: Send): void {
    const parsed = refuse(CronMonitorBody, body, send);
    if (!parsed) return;
    if (!this.projects.has(parsed.project)) return send(400, { project: ['Invalid project'] });
    if (slug === undefined) {
      const own = parsed.slug ?? parsed.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
      if (this.monitors.some((one) => one.slug === own))
        return send(400, { slug: [`The slug "${own}" is already in use.`] });
      const stored = { guid: this.newId(), slug: own, dateCreated: new Date().toISOString(), body: parsed };
      this.monitors.push(stored);
      return send(201, monitorAnswer(stored));
    }
    const stored = this.monitors.find((one) => one.slug === slug);
    if (!stored) return send(404, { detail: 'The requested resource does not exist' });
    stored.body = parsed;
    send(200, monitorAnswer(stored));
  }

  private listDetectors(url: URL, send: Send): void {
    const projects = url.searchParams.getAll('project');
    const all = [...this.issueStreams(), ...this.detectors.map(detectorAnswer)] as { projectId: string }[];
    this.page(url, projects.length === 0 ? all : all.filter((one) => projects.includes(one.projectId)), send);
  }

  private issueStreams() {
    const streams = [...this.projects.values()].flatMap(({ id }) => [
      {
        id: `${id}1`,
        projectId: id,
        name: 'Error Monitor',
        type: 'error',
        dataSources: null,
        conditionGroup: null,
      },
      {
        id: `${id}2`,
        projectId: id,
        name: 'All Issues',
        type: 'issue_stream',
        dataSources: null,
        conditionGroup: null,
      },
    ]);
    return streams.filter(({ type }) => this.hasIssueStreams || type !== 'issue_stream');
  }

  /** https://docs.sentry.io/api/pagination/ */
  private page(url: URL, items: readonly unknown[], send: Send): void {
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 100), this.pageSize);
    if (Number(url.searchParams.get('per_page') ?? 0) > 100)
      return send(400, { detail: 'Invalid per_page value. Cannot exceed 100.' });
    const cursor = url.searchParams.get('cursor') ?? '0:0:0';
    const offset = Number(/^\d+:(\d+):[01]$/.exec(cursor)?.[1] ?? NaN);
    if (Number.isNaN(offset)) return send(400, { detail: 'Invalid cursor parameter.' });
    // Elsewhere on purpose: whoever follows the address and not the cursor gives the token away.
    const link = (rel: string, at: number, results: boolean) =>
      `<https://elsewhere.example${url.pathname}?cursor=0:${at}:0>; rel="${rel}"; results="${results}"; cursor="0:${at}:0"`;
    send(200, items.slice(offset, offset + size), {
      link: `${link('previous', Math.max(0, offset - size), offset > 0)}, ${link('next', offset + size, offset + size < items.length)}`,
    });
  }

  private remove<T>(from: T[], isIt: (one: T) => boolean, status: number, send: Send): void {
    const index = from.findIndex(isIt);
    if (index < 0) return send(404, { detail: 'The requested resource does not exist' });
    from.splice(index, 1);
    send(status);
  }

  private withProject(
    slug: string | undefined,
    send: Send,
    use: (project: ReturnType<typeof newSettings>) => void,
  ): void {
    const project = this.projects.get(slug ?? '');
    if (project) use(project);
    else send(404, { detail: 'The requested resource does not exist' });
  }

  private newId(): string {
    return String(this.nextId++);
  }
}

/** Answers with 400 and the problems by field, as Sentry does, and then gives nothing. */
function refuse<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  send: Send,
): z.output<Schema> | undefined {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems: Record<string, string[]> = {};
  for (const { path, message } of parsed.error.issues) {
    const field = path.join('.') || 'nonFieldErrors';
    problems[field] = [...(problems[field] ?? []), message];
  }
  send(400, problems);
  return undefined;
}
