import { Stack, SecretValue } from 'aws-cdk-lib';
import { type MathExpression, type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Severity } from '../../core/alerting/alarm-name';
import {
  PAGERDUTY_ALERTS_URL,
  PAGERDUTY_CHANGES_URL,
  pagerDutyChange,
  pagerDutyResolve,
  pagerDutyTrigger,
} from '../../core/alerting/pagerduty';
import { declareAlarm } from '../shared/alarm';
import { pascalCase } from '../shared/pascal-case';
import { ruleMetric } from '../shared/rule-metric';
import { ended, FIELDS, sounding, UNDESCRIBED } from './alarm-events';
import { deployed, rotated, type ChangeEvents } from './change-events';
import { RETRIES, type ProvenRoute, type RouteProps } from './route';
import { sumOf } from './sum-of';

export interface PagerDutyRouteProps extends RouteProps {
  readonly severities: readonly Severity[];
  /** Of the secret that holds the routing key and nothing else. */
  readonly secretArn: string;
  /** Another one has CloudFormation read the secret again. */
  readonly keyRevision: number;
  /** What is told as a change. */
  readonly changes: ChangeEvents;
}

/** PagerDuty takes far more; 100 alarms at once are let through in seconds. */
const PER_SECOND = 50;

/**
 * Alarms become alerts of PagerDuty, their end resolves them, and deployments and rotations are change events beside them.
 * EventBridge calls PagerDuty itself, so there is no code of ours on the way.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */
export class PagerDutyRoute extends Construct {
  readonly proven: readonly ProvenRoute[];
  /** What EventBridge counts of deployments and rotations, which the overview draws beside traffic. */
  readonly changes: readonly Metric[];
  private readonly rules: events.Rule[] = [];
  private readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PagerDutyRouteProps,
  ) {
    super(scope, id);
    const { alarms, places, severities } = props;
    const connection = this.makeConnection();
    const alerts = new events.ApiDestination(this, 'Alerts', {
      connection,
      endpoint: PAGERDUTY_ALERTS_URL,
      httpMethod: events.HttpMethod.POST,
      rateLimitPerSecond: PER_SECOND,
      description: `Alerts of ${alarms.environmentName}`,
    });
    const changes = new events.ApiDestination(this, 'Changes', {
      connection,
      endpoint: PAGERDUTY_CHANGES_URL,
      httpMethod: events.HttpMethod.POST,
      rateLimitPerSecond: PER_SECOND,
      description: `Changes of ${alarms.environmentName}`,
    });
    // One for all rules, which may call these two and nothing else.
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('events.amazonaws.com') });

    const resolve = this.rule('Resolve', alerts, {
      description: `An alarm of ${alarms.environmentName} is over: resolve it at PagerDuty`,
      eventPattern: ended(this, alarms, severities),
      input: pagerDutyResolve(FIELDS),
    });
    this.proven = severities.map((severity) => {
      const name = pascalCase(severity);
      const trigger = this.rule(`Trigger${name}`, alerts, {
        description: `A ${severity} alarm of ${alarms.environmentName} sounds: trigger it at PagerDuty`,
        eventPattern: sounding(this, alarms, severity, true),
        input: pagerDutyTrigger(FIELDS, places(severity)),
      });
      this.rule(`Trigger${name}Undescribed`, alerts, {
        description: `The same for a ${severity} alarm that nobody described`,
        eventPattern: sounding(this, alarms, severity, false),
        input: pagerDutyTrigger(UNDESCRIBED, places(severity)),
      });
      return { channel: 'pagerduty', severity, soundRule: trigger.ruleName, endRule: resolve.ruleName };
    });
    this.addAlarms();
    this.changes = [deployed(this, props.changes), rotated(props.changes)].map((change) => {
      const rule = this.rule(change.id, changes, {
        description: change.description,
        eventPattern: change.eventPattern,
        input: pagerDutyChange(change.change, places('info')),
      });
      return ruleMetric(rule, 'TriggeredRules', Stats.SUM).with({ label: change.change.what });
    });
  }

  /**
   * The key goes from Secrets Manager to EventBridge, which keeps it in a secret of its own and puts it into the body of
   * each call. The header is there because a connection must have one; who is called has the key anyway.
   */
  private makeConnection(): events.Connection {
    const { secretArn, keyRevision, alarms } = this.props;
    const routingKey = SecretValue.secretsManager(secretArn);
    return new events.Connection(this, 'Connection', {
      description: `PagerDuty for ${alarms.environmentName}, key revision ${keyRevision}`,
      authorization: events.Authorization.apiKey('X-Routing-Key', routingKey),
      bodyParameters: { routing_key: events.HttpParameter.fromSecret(routingKey) },
    });
  }

  private rule(
    id: string,
    destination: events.ApiDestination,
    rule: Pick<events.RuleProps, 'description' | 'eventPattern'> & { readonly input: object },
  ): events.Rule {
    const { input, ...rest } = rule;
    const made = new events.Rule(this, id, {
      ...rest,
      targets: [
        // As its own interface: the class leaves undefined what that leaves out.
        new targets.ApiDestination(destination as events.IApiDestination, {
          event: events.RuleTargetInput.fromObject(input),
          eventRole: this.role,
          deadLetterQueue: this.props.failureQueue,
          ...RETRIES,
        }),
      ],
    });
    this.rules.push(made);
    return made;
  }

  /** Both go by e-mail, too, which the configuration sees to: PagerDuty cannot tell that it was not reached. */
  private addAlarms(): void {
    declareAlarm(this, 'FailingAlarm', {
      severity: 'critical',
      anchor: 'alerting-pagerduty-failing',
      description:
        'An alarm did not reach PagerDuty, which refused it or was away for an hour: nobody was paged.',
      metric: this.sum('FailedInvocations'),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'each failure is an alarm that paged nobody',
      missingData: 'notBreaching',
    });
    declareAlarm(this, 'LateAlarm', {
      severity: 'warning',
      anchor: 'alerting-pagerduty-late',
      description: 'PagerDuty does not take alarms at once: EventBridge tries them again, for an hour.',
      metric: this.sum('RetryInvocationAttempts'),
      threshold: 1,
      comparison: '>=',
      of: [2, 3],
      missingData: 'notBreaching',
    });
  }

  private sum(metricName: string): MathExpression {
    return sumOf(
      `${metricName} of PagerDuty in ${Stack.of(this).region}`,
      this.rules.map((rule) => ruleMetric(rule, metricName, Stats.SUM)),
    );
  }
}
