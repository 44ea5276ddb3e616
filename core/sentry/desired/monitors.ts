import type { ScheduledJob, SentryOperations } from '../operations';
import { monitorSlug, ownName } from '../owned';
import { type Fields, type LeftOut, type Resource, sorted } from '../resource';

type About = Pick<SentryOperations, 'environment' | 'rules' | 'origin' | 'jobs'>;

/** The project that monitors belong to, as Sentry knows it. */
export interface MonitorProject {
  readonly id: string;
  readonly slug: string;
}

/** Issues of this priority: what Sentry calls the result of a condition. */
const HIGH = 75;
const MEDIUM = 50;
const RESOLVED = 0;

/** How many checks in a row must fail before an address is down: one region's hiccup is none. */
const DOWNTIME_CHECKS = 3;

/**
 * One for each job that runs by a schedule. Sentry waits for the first report of a job before it misses any.
 * https://docs.sentry.io/api/crons/create-a-monitor/
 */
export function desiredCronMonitors(
  { environment, rules, jobs }: About,
  project: MonitorProject,
): Resource[] {
  return jobs.map((job) => ({
    kind: 'cron monitor',
    key: monitorSlug(environment, job.label),
    name: ownName(environment, job.label),
    fields: {
      project: project.slug,
      status: 'active',
      is_muted: false,
      owner: ownerOf(rules),
      config: cronConfig(job),
    },
  }));
}

function cronConfig({ crontab, marginMinutes, longestRunMinutes }: ScheduledJob): Fields {
  return {
    schedule_type: 'crontab',
    schedule: crontab,
    timezone: 'UTC',
    checkin_margin: marginMinutes,
    max_runtime: longestRunMinutes,
    // The first that fails is one too many: each of these jobs runs seldom.
    failure_issue_threshold: 1,
    recovery_threshold: 1,
  };
}

/** Addresses that Sentry asks from outside, and those that it cannot. */
export function desiredUptimeMonitors(
  { environment, rules, origin }: About,
  project: MonitorProject,
): { readonly resources: Resource[]; readonly leftOut: LeftOut[] } {
  const { paths, intervalSeconds, timeoutMs } = rules.uptime;
  if (origin === undefined) {
    const leftOut = paths.map(({ name }) => ({
      what: `the uptime monitor ${ownName(environment, `uptime-${name}`)}`,
      why: 'the environment has no domain',
    }));
    return { resources: [], leftOut };
  }
  const resources = paths.map(({ name, path }) =>
    detector('uptime monitor', project, ownName(environment, `uptime-${name}`), {
      type: 'uptime_domain_failure',
      enabled: true,
      owner: ownerOf(rules),
      description: `${origin}${path} does not answer: golive services status -e ${environment}`,
      config: {
        // 1: made by hand, which is all that the API lets anybody make.
        mode: 1,
        environment,
        downtimeThreshold: DOWNTIME_CHECKS,
        recoveryThreshold: 1,
      },
      dataSources: [
        {
          url: `${origin}${path}`,
          method: 'GET',
          headers: [],
          body: null,
          intervalSeconds,
          timeoutMs,
          traceSampling: false,
        },
      ],
    }),
  );
  return { resources, leftOut: [] };
}

/** Errors of the project, and how long the gateway takes, as far as Sentry is told of it. */
export function desiredMetricMonitors(
  { environment, rules }: About,
  project: MonitorProject,
): { readonly resources: Resource[]; readonly leftOut: LeftOut[] } {
  const { high, medium } = rules.limits.errorsPerHour;
  const errors = detector('metric monitor', project, ownName(environment, 'error-rate'), {
    type: 'metric_issue',
    enabled: true,
    owner: ownerOf(rules),
    description: `More errors in an hour than ${environment} is used to.`,
    config: { detectionType: 'static' },
    dataSources: [
      {
        aggregate: 'count()',
        dataset: 'events',
        environment,
        eventTypes: ['default', 'error'],
        query: 'is:unresolved',
        timeWindow: 3600,
      },
    ],
    conditionGroup: {
      logicType: 'any',
      conditions: sorted([
        { type: 'gt', comparison: high, conditionResult: HIGH },
        { type: 'gt', comparison: medium, conditionResult: MEDIUM },
        { type: 'lte', comparison: medium, conditionResult: RESOLVED },
      ]),
    },
  });
  const name = ownName(environment, 'gateway-p95');
  if (!rules.spans) {
    const why = 'sentryRules.spans is false: OpenTelemetry owns tracing, and no span reaches Sentry';
    return { resources: [errors], leftOut: [{ what: `the metric monitor ${name}`, why }] };
  }
  const slow = detector('metric monitor', project, name, {
    type: 'metric_issue',
    enabled: true,
    owner: ownerOf(rules),
    description: 'The slowest twentieth of the gateway’s requests take longer than they are used to.',
    config: { detectionType: 'dynamic' },
    dataSources: [
      {
        aggregate: 'p95(span.duration)',
        dataset: 'events_analytics_platform',
        environment,
        eventTypes: ['trace_item_span'],
        query: 'service.name:gateway is_transaction:true',
        timeWindow: 3600,
      },
    ],
    conditionGroup: {
      logicType: 'any',
      conditions: [
        {
          type: 'anomaly_detection',
          // 0: above what is usual.
          comparison: { seasonality: 'auto', sensitivity: 'medium', thresholdType: 0 },
          conditionResult: HIGH,
        },
      ],
    },
  });
  return { resources: [errors, slow], leftOut: [] };
}

/** A monitor cannot move to another project, so the project is a part of what it is known by. */
function detector(
  kind: 'uptime monitor' | 'metric monitor',
  { id }: MonitorProject,
  name: string,
  fields: Fields,
): Resource {
  return { kind, key: `${id}:${name}`, name, fields };
}

function ownerOf({ teamId }: SentryOperations['rules']): string | null {
  return teamId === undefined ? null : `team:${teamId}`;
}
