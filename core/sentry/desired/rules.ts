import type { SentryRules } from '../settings';

/** PagerDuty's severities, as Sentry's action takes them. src/sentry/integrations/pagerduty/client.py */
export type Priority = 'critical' | 'error' | 'warning' | 'info';

/** What of an issue an alert looks at; none of them: every event. */
export type Trigger = 'first_seen_event' | 'regression_event' | 'reappeared_event';

/** The intervals that Sentry's conditions take. src/sentry/rules/conditions/event_frequency.py, STANDARD_INTERVALS */
export type Interval = '1m' | '5m' | '15m' | '1h' | '1d' | '1w' | '30d';

/**
 * Conditions, as Sentry's API takes them.
 * https://docs.sentry.io/api/monitors/create-an-alert-for-an-organization/
 */
export type Condition =
  /** 25 low, 50 medium, 75 high. */
  | { readonly type: 'issue_priority_greater_or_equal'; readonly comparison: 25 | 50 | 75 }
  /** 50 is fatal, 40 an error. */
  | { readonly type: 'level'; readonly comparison: { readonly level: 40 | 50; readonly match: 'eq' | 'gte' } }
  /** 10: outages, which cron and uptime monitors find; 11: metric monitors. */
  | { readonly type: 'issue_category'; readonly comparison: { readonly value: 1 | 10 | 11 } }
  | {
      readonly type: 'tagged_event';
      readonly comparison: { readonly key: string; readonly match: 'eq' | 'sw'; readonly value: string };
    }
  /** More than `value`. */
  | {
      readonly type: 'event_frequency_count' | 'event_unique_user_frequency_count';
      readonly comparison: { readonly value: number; readonly interval: Interval };
    }
  /** `value` per cent more than in the same interval, so long ago. */
  | {
      readonly type: 'event_frequency_percent';
      readonly comparison: {
        readonly value: number;
        readonly interval: Interval;
        readonly comparisonInterval: Interval;
      };
    };

/** Minutes for which an alert that has spoken of an issue keeps quiet about it. No others are taken. */
export type Frequency = 0 | 5 | 10 | 30 | 60 | 180 | 720 | 1440;

/** One alert: when, about what, to whom. */
export interface AlertRule {
  /** Its name after `golive/<environment>/`. */
  readonly name: string;
  /** For whoever reads the plan. */
  readonly says: string;
  readonly to: 'slack' | Priority;
  readonly triggers: readonly Trigger[];
  /** It speaks when all of one of these hold; none: always. */
  readonly when: readonly (readonly Condition[])[];
  readonly frequencyMinutes: Frequency;
}

/**
 * Whom Sentry tells of what, for one environment. The numbers are those of `limits`.
 *
 * Rules 10 and 11 are monitors (`monitors.ts`), and so is half of rule 12; here is who hears of what they find.
 */
export function alertRules(limits: SentryRules['limits']): readonly AlertRule[] {
  const anyNews: readonly Trigger[] = ['first_seen_event', 'regression_event', 'reappeared_event'];
  const perHour = (
    type: 'event_frequency_count' | 'event_unique_user_frequency_count',
    value: number,
  ): Condition => ({ type, comparison: { value, interval: '1h' } });
  const credentialFailures: Condition = {
    type: 'event_frequency_count',
    comparison: { value: limits.credentialFailuresPer5Minutes, interval: '5m' },
  };
  return [
    {
      name: 'new-issue',
      says: 'a new issue of high priority',
      to: 'error',
      triggers: ['first_seen_event'],
      when: [[{ type: 'issue_priority_greater_or_equal', comparison: 75 }]],
      frequencyMinutes: 30,
    },
    {
      name: 'regression',
      says: 'what was resolved is back',
      to: 'slack',
      triggers: ['regression_event'],
      when: [],
      frequencyMinutes: 60,
    },
    {
      name: 'reappeared',
      says: 'what was archived is back',
      to: 'slack',
      triggers: ['reappeared_event'],
      when: [],
      frequencyMinutes: 60,
    },
    {
      name: 'fatal',
      says: 'a process ended by an error',
      to: 'critical',
      triggers: [],
      when: [[{ type: 'level', comparison: { level: 50, match: 'eq' } }]],
      frequencyMinutes: 30,
    },
    {
      name: 'burst',
      says: `more than ${limits.issueEventsPerHour} events of one issue in an hour`,
      to: 'error',
      triggers: [],
      when: [[perHour('event_frequency_count', limits.issueEventsPerHour)]],
      frequencyMinutes: 60,
    },
    {
      name: 'many-people',
      says: `${limits.issueUsersPerHour} people or more meet one issue in an hour`,
      to: 'critical',
      triggers: [],
      // Sentry asks for more than the number.
      when: [[perHour('event_unique_user_frequency_count', limits.issueUsersPerHour - 1)]],
      frequencyMinutes: 60,
    },
    {
      name: 'rising',
      says: `an issue grows by ${limits.risePercent} % against the same hour of last week`,
      to: 'slack',
      triggers: [],
      when: [
        [
          {
            type: 'event_frequency_percent',
            comparison: { value: limits.risePercent, interval: '1h', comparisonInterval: '1w' },
          },
        ],
      ],
      frequencyMinutes: 180,
    },
    {
      name: 'rotation',
      says: 'any error of a rotation',
      to: 'error',
      triggers: [],
      when: [[{ type: 'tagged_event', comparison: { key: 'component', match: 'eq', value: 'rotation' } }]],
      frequencyMinutes: 30,
    },
    {
      name: 'credentials-refused',
      says: `more than ${limits.credentialFailuresPer5Minutes} tokens of an unknown key, or logins that PostgreSQL refused, in five minutes`,
      to: 'critical',
      triggers: [],
      when: [
        [
          { type: 'tagged_event', comparison: { key: 'auth.failure', match: 'eq', value: 'unknown_kid' } },
          credentialFailures,
        ],
        [
          { type: 'tagged_event', comparison: { key: 'db.auth', match: 'eq', value: '28P01' } },
          credentialFailures,
        ],
      ],
      frequencyMinutes: 30,
    },
    {
      name: 'metric',
      says: 'a metric monitor found something',
      to: 'slack',
      triggers: anyNews,
      when: [[{ type: 'issue_category', comparison: { value: 11 } }]],
      frequencyMinutes: 60,
    },
    {
      name: 'outage',
      says: 'a job did not run or failed, or an address does not answer',
      to: 'critical',
      triggers: anyNews,
      when: [[{ type: 'issue_category', comparison: { value: 10 } }]],
      frequencyMinutes: 30,
    },
  ];
}
