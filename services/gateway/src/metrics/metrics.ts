import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SecretMetric } from '../../../../core/secrets/client';
import type { CacheOutcome } from '../cache/cached-reads';

/** What the gateway counts, for Prometheus. */
export interface Metrics {
  readonly registry: Registry;
  /** To be called when a request begins; `request` when it has ended. */
  requestBegins(): void;
  /** @param route the pattern, never the path: an id in a label is a metric for each id */
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  cacheRead(prefix: string, outcome: CacheOutcome): void;
  limited(policy: string): void;
  secret(metric: SecretMetric): void;
}

/** What is looked at when somebody asks for the metrics. */
export interface MetricSources {
  readonly waitingForDatabase: () => number;
  readonly isCacheReady: () => boolean;
}

/** Seconds. A read from the cache takes two milliseconds, a sign-in a quarter of a second. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function gatewayMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests by route, and how long they took',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests that are being answered',
    registers,
  });
  const cacheReads = new Counter({
    name: 'gateway_cache_reads_total',
    help: 'Looks into the cache, by what came of them',
    labelNames: ['cached', 'outcome'],
    registers,
  });
  const limited = new Counter({
    name: 'gateway_rate_limited_total',
    help: 'Requests that were refused for their number, by limit',
    labelNames: ['policy'],
    registers,
  });
  const secretCounts = new Counter({
    name: 'gateway_secret_events_total',
    help: 'What became of reading secrets',
    labelNames: ['secret', 'event'],
    registers,
  });
  const secretSeconds = new Gauge({
    name: 'gateway_secret_age_seconds',
    help: 'How old copies and versions of secrets are',
    labelNames: ['secret', 'age'],
    registers,
  });
  gauge(
    registers,
    'gateway_database_waiting',
    'Work that waits for a connection',
    sources.waitingForDatabase,
  );
  gauge(registers, 'gateway_cache_ready', '1 while the cache can be used', () =>
    sources.isCacheReady() ? 1 : 0,
  );
  return {
    registry,
    requestBegins: () => inFlight.inc(),
    request: ({ method, route, status }, seconds) => {
      inFlight.dec();
      requests.observe({ method, route, status: String(status) }, seconds);
    },
    cacheRead: (cached, outcome) => cacheReads.inc({ cached, outcome }),
    limited: (policy) => limited.inc({ policy }),
    secret: ({ name, unit, value, secret }) =>
      unit === 'Count'
        ? secretCounts.inc({ secret, event: name }, value)
        : secretSeconds.set({ secret, age: name }, value),
  };
}

function gauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
