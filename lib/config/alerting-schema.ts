import { z } from 'zod';
import { SEVERITIES, type Severity } from '../../core/alerting/alarm-name';
import { WEEK_DAYS } from './rotation';

const Addresses = z.array(z.email('an e-mail address such as "on-call@golive.example"')).default([]);
const Channel = z.string().regex(/^[CG][0-9A-Z]{8,14}$/, 'the id of a Slack channel such as "C0123ABCD"');

/** What PagerDuty is told unless an environment says otherwise. */
export const PAGED: readonly Severity[] = ['critical', 'warning'];

/** PagerDuty. Its routing key is the secret `pagerduty`, and stands in no configuration. */
const PagerDuty = z.strictObject({
  /** Which alarms go there. */
  severities: z
    .array(z.enum(SEVERITIES))
    .min(1)
    .default([...PAGED]),
  /**
   * Counted up after `golive secrets set pagerduty`, so that the next deployment gives EventBridge the new key:
   * CloudFormation reads a secret only for a resource that it changes.
   */
  keyRevision: z.int().min(1).default(1),
});

/** Subscribed to the topic of a severity. Everybody must confirm once, by the first mail. */
const Email = z.strictObject({ critical: Addresses, warning: Addresses, info: Addresses }).prefault({});

/** Amazon Q Developer in chat applications, to which somebody has let in the workspace in its console. */
const Slack = z.strictObject({
  workspaceId: z.string().regex(/^T[0-9A-Z]{8,14}$/, 'the id of a Slack workspace such as "T0123ABCD"'),
  /** By severity. @default that severity is told to no channel */
  channels: z.strictObject({
    critical: Channel.optional(),
    warning: Channel.optional(),
    info: Channel.optional(),
  }),
});

/** Who is told of alarms. Names, ids and addresses, and no key. */
export const Alerting = z.strictObject({
  /** @default nobody is paged */
  pagerDuty: PagerDuty.optional(),
  email: Email,
  /** @default no channel is told */
  slack: Slack.optional(),
  /** When a test alarm goes down every route, UTC: while people are at work, because it pages. */
  heartbeat: z
    .strictObject({
      weekDay: z.enum(WEEK_DAYS).default('TUE'),
      hour: z.int().min(0).max(23).default(9),
    })
    .prefault({}),
  /**
   * CloudWatch draws an overview, and a dashboard for each capability. An account has three free of charge, and pays for
   * each of the others by the month.
   */
  dashboards: z.boolean().default(true),
  /** Said on purpose: production tells nobody of a critical alarm. */
  tellNobody: z.boolean().default(false),
});
