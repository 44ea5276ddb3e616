import type { SentryOperations } from '../operations';
import { ownName } from '../owned';
import { type Fields, type Json, type LeftOut, type Resource, sorted } from '../resource';
import type { SentryRules } from '../settings';
import { type AlertRule, alertRules, type Condition, type Priority } from './rules';

/** What alerts of a project hang on: Sentry makes one such source for each project, of all its issues. */
export interface Sources {
  readonly issueStreamIds: readonly string[];
}

/** The alerts of an environment, and those that have nobody to tell. */
export function desiredAlerts(
  { environment, rules }: Pick<SentryOperations, 'environment' | 'rules'>,
  { issueStreamIds }: Sources,
): { readonly resources: Resource[]; readonly leftOut: LeftOut[] } {
  const resources: Resource[] = [];
  const leftOut: LeftOut[] = [];
  for (const rule of alertRules(rules.limits)) {
    const action = rule.to === 'slack' ? slackAction(rules.slack) : pagerDutyAction(rules.pagerDuty, rule.to);
    const name = ownName(environment, rule.name);
    if (action) {
      const fields = alertFields(rule, action, environment, issueStreamIds);
      resources.push({ kind: 'alert', key: name, name, fields });
    } else {
      const missing = rule.to === 'slack' ? 'sentryRules.slack' : 'sentryRules.pagerDuty';
      leftOut.push({ what: `the alert ${name} (${rule.says})`, why: `${missing} says nobody to tell` });
    }
  }
  return { resources, leftOut };
}

function alertFields(
  { triggers, when, frequencyMinutes }: AlertRule,
  action: Fields,
  environment: string,
  issueStreamIds: readonly string[],
): Fields {
  const groups = when.length === 0 ? [[]] : when;
  return {
    enabled: true,
    environment,
    config: { frequency: frequencyMinutes },
    detectorIds: sorted(issueStreamIds),
    triggers: {
      // The only one that Sentry takes; without a condition every event is one.
      logicType: 'any-short',
      conditions: sorted(triggers.map((type) => ({ type, comparison: true, conditionResult: true }))),
    },
    actionFilters: sorted(
      groups.map((conditions) => ({
        logicType: 'all',
        conditions: sorted(conditions.map(asField)),
        actions: [action],
      })),
    ),
  };
}

function asField({ type, comparison }: Condition): Json {
  return { type, comparison, conditionResult: true };
}

function pagerDutyAction(pagerDuty: SentryRules['pagerDuty'], priority: Priority): Fields | undefined {
  return (
    pagerDuty && {
      type: 'pagerduty',
      integrationId: pagerDuty.integrationId,
      config: {
        targetType: 'specific',
        targetIdentifier: pagerDuty.serviceId,
        targetDisplay: pagerDuty.serviceName,
      },
      data: { priority },
      status: 'active',
    }
  );
}

function slackAction(slack: SentryRules['slack']): Fields | undefined {
  return (
    slack && {
      type: 'slack',
      integrationId: slack.integrationId,
      config: {
        targetType: 'specific',
        targetIdentifier: slack.channelId,
        targetDisplay: slack.channel,
      },
      // What helps to tell one from another in a channel.
      data: { tags: 'environment,service,component,code' },
      status: 'active',
    }
  );
}
