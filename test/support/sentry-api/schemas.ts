import { Cron } from 'croner';
import * as z from 'zod';

/**
 * What Sentry's API takes, as its documentation and its own validators say it (getsentry/sentry, src/sentry/…):
 * `workflow_engine/endpoints/validators`, `monitors/validators.py`, `uptime/endpoints/validators.py`,
 * `snuba/snuba_query_validator.py`, `core/endpoints/project_details.py`. Stricter in one thing: an unknown field is
 * refused here, where Sentry drops it without a word.
 */
const Interval = z.enum(['1m', '5m', '15m', '1h', '1d', '1w', '30d']);
const ComparisonInterval = z.enum(['5m', '15m', '1h', '1d', '1w', '30d']);
const Match = z.enum(['co', 'nc', 'eq', 'ne', 'sw', 'ew', 'is', 'ns']);

const condition = <Type extends string, Comparison extends z.ZodType>(type: Type, comparison: Comparison) =>
  z.strictObject({ type: z.literal(type), comparison, conditionResult: z.boolean() });

const Trigger = z.discriminatedUnion('type', [
  condition('first_seen_event', z.literal(true)),
  condition('regression_event', z.literal(true)),
  condition('reappeared_event', z.literal(true)),
  condition('issue_resolved_trigger', z.literal(true)),
]);

const Filter = z.discriminatedUnion('type', [
  condition('issue_priority_greater_or_equal', z.literal([25, 50, 75])),
  condition(
    'level',
    z.strictObject({ level: z.literal([0, 10, 20, 30, 40, 50]), match: z.enum(['eq', 'gte', 'lte']) }),
  ),
  condition('issue_category', z.strictObject({ value: z.literal([1, 6, 10, 11, 12, 13, 14, 15]) })),
  condition(
    'tagged_event',
    z.strictObject({ key: z.string().min(1), match: Match, value: z.string().optional() }),
  ),
  condition('event_frequency_count', z.strictObject({ value: z.int().min(0), interval: Interval })),
  condition(
    'event_unique_user_frequency_count',
    z.strictObject({ value: z.int().min(0), interval: Interval }),
  ),
  condition(
    'event_frequency_percent',
    z.strictObject({ value: z.int().min(0), interval: Interval, comparisonInterval: ComparisonInterval }),
  ),
]);

const Target = z.strictObject({
  targetType: z.literal('specific'),
  targetIdentifier: z.string(),
  targetDisplay: z.string(),
});

const Action = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('pagerduty'),
    integrationId: z.string().regex(/^\d+$/),
    config: Target,
    data: z.strictObject({
      priority: z.enum(['default', 'critical', 'error', 'warning', 'info']).optional(),
    }),
    status: z.literal('active'),
  }),
  z.strictObject({
    type: z.literal('slack'),
    integrationId: z.string().regex(/^\d+$/),
    config: Target,
    data: z.strictObject({ tags: z.string().optional(), notes: z.string().optional() }),
    status: z.literal('active'),
  }),
]);

/** https://docs.sentry.io/api/monitors/create-an-alert-for-an-organization/ */
export const AlertBody = z.strictObject({
  /** Of an update alone. */
  id: z.string().optional(),
  name: z.string().min(1).max(256),
  enabled: z.boolean(),
  environment: z.string().max(64).nullable(),
  config: z.strictObject({ frequency: z.literal([0, 5, 10, 30, 60, 180, 720, 1440]) }),
  detectorIds: z.array(z.string().regex(/^\d+$/)),
  triggers: z.strictObject({
    logicType: z.literal('any-short'),
    conditions: z.array(Trigger),
    actions: z.array(z.never()),
  }),
  actionFilters: z.array(
    z.strictObject({
      logicType: z.enum(['any', 'any-short', 'all', 'none']),
      conditions: z.array(Filter),
      actions: z.array(Action),
    }),
  ),
});
export type AlertBody = z.output<typeof AlertBody>;

const Owner = z
  .string()
  .regex(/^(team|user):\d+$/)
  .nullable();

/** https://docs.sentry.io/api/crons/create-a-monitor/ */
export const CronMonitorBody = z.strictObject({
  project: z.string(),
  name: z.string().min(1).max(128),
  slug: z
    .string()
    .max(50)
    .regex(/^(?![0-9]+$)[a-z0-9_-]+$/)
    .optional(),
  status: z.enum(['active', 'disabled']).default('active'),
  owner: Owner.optional(),
  is_muted: z.boolean().optional(),
  config: z.strictObject({
    schedule_type: z.enum(['crontab', 'interval']),
    schedule: z
      .string()
      .refine((text) => text.split(' ').length === 5 && isCrontab(text), 'Schedule is invalid'),
    checkin_margin: z.int().min(1).max(40_320).nullable().optional(),
    max_runtime: z.int().min(1).max(10_080).nullable().optional(),
    timezone: z.literal('UTC').optional(),
    failure_issue_threshold: z.int().min(1).max(720).nullable().optional(),
    recovery_threshold: z.int().min(1).max(720).nullable().optional(),
  }),
});
export type CronMonitorBody = z.output<typeof CronMonitorBody>;

const DetectorBase = z.strictObject({
  projectId: z.string().regex(/^\d+$/),
  name: z.string().min(1).max(200),
  enabled: z.boolean().optional(),
  owner: Owner.optional(),
  description: z.string().nullable().optional(),
  workflowIds: z.array(z.int()).optional(),
});

const QUERY_TYPE = { events: 0, events_analytics_platform: 1 } as const;
const EVENT_TYPES = {
  events: ['error', 'default'],
  events_analytics_platform: ['transaction', 'trace_item_log', 'trace_item_span'],
} as const;

const MetricSource = z
  .strictObject({
    queryType: z.literal([0, 1]).optional(),
    dataset: z.enum(['events', 'events_analytics_platform']),
    query: z.string(),
    aggregate: z.string().regex(/^[a-z0-9_]+\([a-z0-9_.:[\]]*\)$/, 'Invalid Metric'),
    timeWindow: z.int().min(60),
    environment: z.string().nullable(),
    eventTypes: z.array(z.string()),
  })
  .refine(({ dataset, queryType }) => queryType === undefined || queryType === QUERY_TYPE[dataset], {
    message: 'Invalid dataset for this query type.',
  })
  .refine(
    ({ dataset, eventTypes }) =>
      eventTypes.every((type) => (EVENT_TYPES[dataset] as readonly string[]).includes(type)),
    { message: 'Invalid event types for this dataset.' },
  )
  .refine(({ dataset, eventTypes }) => dataset === 'events' || eventTypes.length < 2, {
    message: 'Multiple event types not allowed.',
  })
  .refine(({ dataset, timeWindow }) => dataset === 'events' || timeWindow >= 300, {
    message: 'Time window for this alert type must be at least 5 minutes.',
  });

const Threshold = z.strictObject({
  type: z.enum(['gt', 'lt', 'gte', 'lte']),
  comparison: z.number(),
  conditionResult: z.literal([75, 50, 0]),
});
const Anomaly = z.strictObject({
  type: z.literal('anomaly_detection'),
  comparison: z.strictObject({
    seasonality: z.enum(['auto', 'hourly', 'daily', 'weekly']),
    sensitivity: z.enum(['low', 'medium', 'high']),
    thresholdType: z.literal([0, 1, 2]),
  }),
  conditionResult: z.literal(75),
});

const MetricBody = DetectorBase.extend({
  type: z.literal('metric_issue'),
  config: z.strictObject({
    detectionType: z.enum(['static', 'percent', 'dynamic']),
    comparisonDelta: z.int().nullable().optional(),
  }),
  dataSources: z.array(MetricSource).length(1),
  conditionGroup: z.strictObject({
    logicType: z.enum(['any', 'any-short', 'all', 'none']),
    conditions: z
      .array(z.union([Threshold, Anomaly]))
      .max(3, 'Too many conditions')
      .refine(
        (all) =>
          all.some(({ type, conditionResult }) => conditionResult === 0 || type === 'anomaly_detection'),
        'Resolution condition required for metric issue detector.',
      ),
  }),
});

const UptimeBody = DetectorBase.extend({
  type: z.literal('uptime_domain_failure'),
  config: z.strictObject({
    mode: z.literal(1, 'Only superusers can modify `mode`'),
    environment: z.string().max(64).nullable(),
    recoveryThreshold: z.int().min(1),
    downtimeThreshold: z.int().min(1),
  }),
  dataSources: z
    .array(
      z.strictObject({
        url: z.url().max(255),
        method: z.enum(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']).optional(),
        headers: z.array(z.tuple([z.string(), z.string()])).optional(),
        body: z.string().nullable().optional(),
        intervalSeconds: z.literal([60, 300, 600, 1200, 1800, 3600]),
        timeoutMs: z.int().min(1000).max(60_000),
        traceSampling: z.boolean().optional(),
      }),
    )
    .length(1, 'Only one data source is allowed for this detector type.'),
});

/** https://docs.sentry.io/api/monitors/create-a-monitor-for-a-project/ */
export const DetectorBody = z.discriminatedUnion('type', [MetricBody, UptimeBody]);
export type DetectorBody = z.output<typeof DetectorBody>;

/** Of what can be set of a project or an organisation, what scrubs. */
export const SettingsBody = z.strictObject({
  dataScrubber: z.boolean().optional(),
  dataScrubberDefaults: z.boolean().optional(),
  // Relay makes one expression of them, which cannot be longer.
  sensitiveFields: z
    .array(z.string().min(1))
    .refine((fields) => fields.join('').length <= 4000, 'List of sensitive fields is too long.')
    .optional(),
  safeFields: z.array(z.string()).optional(),
  scrubIPAddresses: z.boolean().optional(),
});
export type SettingsBody = z.output<typeof SettingsBody>;

function isCrontab(text: string): boolean {
  try {
    return new Cron(text, { mode: '5-part', paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}
