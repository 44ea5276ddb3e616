import { counted } from '../../core/shared/units';
import type { LocalPlatform } from '../platform';
import type { LocalServices } from '../services/run-services';
import { seedServices, type DemoUser } from '../services/seed';
import { formatTrace, type ReceivedSpan } from '../span-sink';
import { tracesOf } from './request-trace';
import { Unexpected, type Outcome, type Progress } from './steps';

/** What somebody who wants to be taken for another request sends. */
const HOSTILE_TRACE = 'badbadbadbadbadbadbadbadbadbadba';
const HOSTILE_HEADERS = {
  traceparent: `00-${HOSTILE_TRACE}-badbadbadbadbadb-01`,
  tracestate: 'evil=1',
  'x-amzn-trace-id': `Root=1-${HOSTILE_TRACE.slice(0, 8)}-${HOSTILE_TRACE.slice(8)};Parent=badbadbadbadbadb;Sampled=1`,
  baggage: 'user=admin',
};

/** What one look at the status page goes through. */
const STATIONS = [
  ['the frontend', ({ service, kind }: ReceivedSpan) => service === 'frontend' && kind === 'server'],
  ['the gateway', ({ service, kind }: ReceivedSpan) => service === 'gateway' && kind === 'server'],
  ['PostgreSQL', (span: ReceivedSpan) => databaseOf(span) === 'postgresql'],
  ['Redis', (span: ReceivedSpan) => databaseOf(span) === 'redis'],
] as const;

/**
 * Deploys the services, signs in through the load balancer, looks at the status page, and shows that all of it is one
 * trace, begun by ourselves: what the request said of its trace was not believed.
 *
 * @throws Unexpected
 */
export async function showOneTrace(platform: LocalPlatform, progress: Progress): Promise<Outcome> {
  progress('the services are built and started');
  const services = await platform.deployServices();
  progress('a user and some projects are made');
  const seeded = await seedServices(services);
  progress('signing in');
  const cookies = await signIn(services, seeded);
  progress('the status page');
  const traces = await tracesOf(services.spans, () => look(services, cookies));
  const [trace = []] = traces;
  if (traces.length !== 1) throw unexpected(`one request became ${traces.length} traces`, traces.flat());
  const missing = STATIONS.filter(([, isStation]) => !trace.some(isStation)).map(([name]) => name);
  if (missing.length > 0) throw unexpected(`the trace does not reach ${missing.join(' and ')}`, trace);
  const ids = new Set(trace.map(({ spanId }) => spanId));
  const roots = trace.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId));
  if (roots.length !== 1 || roots[0]?.parentSpanId !== undefined) {
    throw unexpected(`the trace is no tree: ${counted(roots.length, 'span')} without a parent in it`, trace);
  }
  if (services.spans.trace(HOSTILE_TRACE).length > 0) {
    throw unexpected('the trace that the request named was believed', services.spans.trace(HOSTILE_TRACE));
  }
  return {
    result: `${counted(trace.length, 'span')} of one trace: ${STATIONS.map(([name]) => name).join(' → ')}; the trace that the request named was not believed`,
    details: [
      `${services.origin}, with ${counted(seeded.projects, 'project')} and ${counted(seeded.deployments, 'deployment')}`,
      ...formatTrace(trace).trimEnd().split('\n'),
    ],
    value: undefined,
  };
}

/** By the form of the page, as a browser does without JavaScript. */
async function signIn({ origin }: LocalServices, { email, password }: DemoUser): Promise<string> {
  const response = await fetch(`${origin}/session`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin },
    body: new URLSearchParams({ email, password, return: '/' }),
  });
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]!);
  const isIn = cookies.some((cookie) => /session=.+/.test(cookie));
  if (response.status === 303 && isIn) return cookies.join('; ');
  throw new Unexpected(`signing in was answered with ${response.status}`, [
    await response.text(),
    response.headers.get('location') ?? '',
  ]);
}

async function look({ origin }: LocalServices, cookie: string): Promise<void> {
  const response = await fetch(origin, { redirect: 'manual', headers: { cookie, ...HOSTILE_HEADERS } });
  const page = await response.text();
  if (response.status === 200 && page.includes('Storefront')) return;
  throw new Unexpected(`the status page was answered with ${response.status}`, [page.slice(0, 500)]);
}

function databaseOf({ attributes }: ReceivedSpan): string {
  return String(attributes['db.system.name'] ?? attributes['db.system'] ?? '');
}

function unexpected(message: string, trace: readonly ReceivedSpan[]): Unexpected {
  return new Unexpected(message, formatTrace(trace).trimEnd().split('\n'));
}
