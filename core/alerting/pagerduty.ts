import * as z from 'zod';
import type { AlarmFields, Places } from './alarm-fields';
import type { Severity } from './alarm-name';

/** PagerDuty has `error`, too, between critical and warning; we have no use for a fourth. */
export const PAGERDUTY_SEVERITY = {
  critical: 'critical',
  warning: 'warning',
  info: 'info',
} as const satisfies Record<Severity, string>;

export const PAGERDUTY_ALERTS_URL = 'https://events.pagerduty.com/v2/enqueue';
export const PAGERDUTY_CHANGES_URL = 'https://events.pagerduty.com/v2/change/enqueue';

/**
 * What an API destination sends at most, bytes: far less than the 512 KB that PagerDuty takes.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ConnectionBodyParameter.html
 */
export const LARGEST_EVENT_BYTES = 64 * 1024;

const RoutingKey = z.string().regex(/^[0-9A-Za-z]{32}$/);
const Summary = z.string().min(1).max(1024);
const Links = z.array(z.strictObject({ href: z.url({ protocol: /^https$/ }), text: z.string().min(1) }));
const Instant = z.iso.datetime({ offset: true });

const Trigger = z.strictObject({
  routing_key: RoutingKey,
  event_action: z.literal('trigger'),
  dedup_key: z.string().min(1).max(255),
  client: z.string(),
  client_url: z.url(),
  payload: z.strictObject({
    summary: Summary,
    source: z.string().min(1),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    timestamp: Instant,
    component: z.string(),
    group: z.string(),
    class: z.string(),
    custom_details: z.record(z.string(), z.json()),
  }),
  links: Links,
});

const Resolve = z.strictObject({
  routing_key: RoutingKey,
  event_action: z.literal('resolve'),
  dedup_key: z.string().min(1).max(255),
});

/**
 * What we send, held to what PagerDuty publishes.
 * https://developer.pagerduty.com/docs/send-alert-event
 */
export const PagerDutyAlert = z.discriminatedUnion('event_action', [Trigger, Resolve]);

/** https://developer.pagerduty.com/docs/send-change-event */
export const PagerDutyChange = z.strictObject({
  routing_key: RoutingKey,
  payload: z.strictObject({
    summary: Summary,
    source: z.string(),
    timestamp: Instant,
    custom_details: z.record(z.string(), z.json()),
  }),
  links: Links,
});

/** The connection adds `routing_key`: it stands in no template. */
type Unrouted<Event> = Event extends unknown ? Omit<Event, 'routing_key'> : never;

/** An alarm sounds: the alert is opened, or written on when it is open. */
export function pagerDutyTrigger(alarm: AlarmFields, places: Places): Unrouted<z.input<typeof Trigger>> {
  const { environment, severity } = places;
  return {
    event_action: 'trigger',
    dedup_key: alarm.arn,
    client: 'GoLive',
    client_url: places.dashboardUrl,
    payload: {
      // By itself, because it may hold a quote: an alarm's own limit is PagerDuty's.
      summary: (alarm.description ?? `${alarm.name} is in ALARM`) as string,
      source: `golive-${environment}`,
      severity: PAGERDUTY_SEVERITY[severity],
      timestamp: alarm.time,
      component: alarm.name,
      group: environment,
      class: 'CloudWatch alarm',
      custom_details: {
        environment,
        alarm: alarm.name,
        region: alarm.region,
        state: alarm.state as string,
        configuration: alarm.configuration as string,
      },
    },
    links: [
      { href: places.runbookUrl, text: 'Runbook (the summary names the section)' },
      { href: places.alarmUrl(alarm.region, alarm.name), text: 'The alarm' },
      { href: places.dashboardUrl, text: `Overview of ${environment}` },
      { href: places.logsUrl, text: 'Logs' },
    ],
  };
}

/** The alarm is over. PagerDuty drops it when no alert with this key is open. */
export function pagerDutyResolve({ arn }: Pick<AlarmFields, 'arn'>): Unrouted<z.input<typeof Resolve>> {
  return { event_action: 'resolve', dedup_key: arn };
}

/** What a change event tells of: something that was done on purpose, and often is why an alarm sounds next. */
export interface Change {
  /** Safe beside other text, as the others. */
  readonly what: string;
  readonly target: string;
  readonly time: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export function pagerDutyChange(
  { what, target, time, details }: Change,
  { environment, dashboardUrl }: Pick<Places, 'environment' | 'dashboardUrl'>,
): Unrouted<z.input<typeof PagerDutyChange>> {
  return {
    payload: {
      summary: `${environment}: ${what}: ${target}`,
      source: `golive-${environment}`,
      timestamp: time,
      custom_details: details as Record<string, string>,
    },
    links: [{ href: dashboardUrl, text: `Overview of ${environment}` }],
  };
}
