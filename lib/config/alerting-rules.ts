import { SEVERITIES, type Severity } from '../../core/alerting/alarm-name';
import { PAGED } from './alerting-schema';
import { type Rule, unless } from './rule';
import { runbookUrlOf } from './runbook-url';
import type { EnvironmentConfig } from './schema';

/** Whether somebody is told of alarms of a severity; also of what the schema has not filled in yet. */
function isRouted(config: Pick<EnvironmentConfig, 'alerting'>, severity: Severity): boolean {
  const { pagerDuty, slack }: Unfilled = config.alerting;
  return (
    (pagerDuty !== undefined && (pagerDuty.severities ?? PAGED).includes(severity)) ||
    addressesOf(config, severity).length > 0 ||
    slack?.channels?.[severity] !== undefined
  );
}

function addressesOf({ alerting }: Pick<EnvironmentConfig, 'alerting'>, severity: Severity) {
  const { email }: Unfilled = alerting;
  return email?.[severity] ?? [];
}

type Unfilled = DeepPartial<EnvironmentConfig['alerting']>;

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : { [Key in keyof T]?: DeepPartial<T[Key]> | undefined };

/** The severities that somebody is told of. */
export function routedSeverities(config: Pick<EnvironmentConfig, 'alerting'>): Severity[] {
  return SEVERITIES.filter((severity) => isRouted(config, severity));
}

/** What must hold of the routes in every environment. */
export const ALERTING_RULES: readonly Rule[] = [
  {
    field: 'alerting.pagerDuty.severities',
    reads: ['alerting.pagerDuty.severities'],
    broken: unless(
      ({ alerting: { pagerDuty } }) => new Set(pagerDuty?.severities).size === pagerDuty?.severities.length,
      'each severity once',
    ),
  },
  {
    field: 'alerting.email.critical',
    reads: ['alerting.pagerDuty', 'alerting.email.critical'],
    broken: unless(
      (c) => addressesOf(c, 'critical').length > 0,
      'an address while there is alerting.pagerDuty: that PagerDuty cannot be reached is told by another way',
    ),
  },
  {
    field: 'alerting.slack.channels',
    reads: ['alerting.slack.channels'],
    broken: unless(
      (c) => Object.values(c.alerting.slack?.channels ?? {}).some((channel) => channel !== undefined),
      `a channel for at least one of ${SEVERITIES.join(', ')}`,
    ),
  },
  {
    field: 'alarms.runbookUrl',
    reads: ['alerting.email.critical', 'alerting.email.warning', 'alerting.email.info'],
    broken: unless(
      (c) => routedSeverities(c).length === 0 || runbookUrlOf(c) !== undefined,
      'an address while somebody is told of alarms and there is no delivery.repository to read the runbook in',
    ),
  },
  {
    field: 'alerting.tellNobody',
    reads: ['alerting.tellNobody', 'alerting.email.critical'],
    broken: unless(
      (c) => !c.alerting.tellNobody || !isRouted(c, 'critical'),
      'false while critical alarms have a route',
    ),
  },
];

/** What production must have on top. */
export const ALERTING_GUARD_RAILS: readonly Rule[] = [
  {
    field: 'alerting',
    reads: ['alerting.email.critical'],
    broken: unless(
      (c) => isRouted(c, 'critical') || c.alerting.tellNobody,
      'a route for critical alarms in production (pagerDuty, email.critical or slack.channels.critical), or tellNobody: true where that is meant',
    ),
  },
];
