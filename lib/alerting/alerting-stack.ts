import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { RUNBOOK } from '../../core/alerting/alarm-description';
import { placesOf } from '../../core/alerting/alarm-fields';
import { SEVERITIES } from '../../core/alerting/alarm-name';
import type { ScheduledJob } from '../../core/sentry/operations';
import type { SentryRules } from '../../core/sentry/settings';
import type { EnvironmentConfig } from '../config';
import { routedSeverities } from '../config/alerting-rules';
import { runbookUrlOf } from '../config/runbook-url';
import { declareAlarm, type DeclaredAlarm } from '../shared/alarm';
import { FailureQueue } from '../shared/failure-queue';
import { grantReadSentryOperations } from '../shared/operations-access';
import { pascalCase } from '../shared/pascal-case';
import { type PlatformSettings, platformSettings } from '../shared/platform-settings';
import { AlertingOperationsParameter } from './alerting-operations-parameter';
import { AlertingOperatorAccess } from './alerting-operator-access';
import { ChatLogs } from './chat-logs';
import { ChatRoute } from './chat-route';
import { Dashboards } from './dashboards';
import { EmailRoute } from './email-route';
import { leftOut } from './left-out';
import { PagerDutyRoute } from './pagerduty-route';
import { PathProof } from './path-proof';
import type { ProvenRoute, RouteProps } from './route';
import { SentryOperationsParameter } from './sentry-operations-parameter';
import { failedDeliveries, TopicsKey, type ToldTopic } from './told-topic';

export interface AlertingStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  /** Of the secret with PagerDuty's routing key. */
  readonly pagerDutySecretArn: string;
  /** Of the secrets that a function rotates. */
  readonly rotatedArns: readonly string[];
}

/**
 * How an alarm reaches somebody. Alarms know nothing of it: CloudWatch tells EventBridge of every change, and rules here
 * take those of this environment by their names, also those of the Recovery stack, which it passes on to this region.
 */
export class AlertingStack extends Stack {
  private readonly operatorAccess: AlertingOperatorAccess;
  private changes: readonly Metric[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AlertingStackProps,
  ) {
    super(scope, id, props);
    const { config } = props;
    const platform = platformSettings(config);
    this.operatorAccess = new AlertingOperatorAccess(this, 'OperatorAccess', {
      platform,
      regions: this.regions,
    });
    const isRouted = routedSeverities(config).length > 0;
    const proven = isRouted ? this.makeRoutes(platform) : undefined;
    new AlertingOperationsParameter(this, 'Operations', {
      alertingVersion: 1,
      environment: config.name,
      routes: proven?.routes.map((route) => ({ ...route })) ?? [],
      ...(proven && {
        proof: {
          stateMachineArn: proven.proof.stateMachine.stateMachineArn,
          deadLetterQueueUrl: proven.failureQueue.queueUrl,
        },
      }),
    });
    const notice = leftOut(config);
    if (notice !== undefined) new CfnOutput(this, 'LeftOut', { value: notice });
  }

  /** @param jobs all that run by a schedule in the environment */
  addSentryRules(rules: SentryRules, jobs: readonly ScheduledJob[]): void {
    const { name, domain } = this.props.config;
    new SentryOperationsParameter(this, 'SentryOperations', {
      sentryVersion: 1,
      environment: name,
      ...(domain !== undefined && { origin: `https://${domain}` }),
      rules,
      jobs: [...jobs],
    });
    grantReadSentryOperations(this.operatorAccess.policy, name);
  }

  /** Where the environment has alarms. */
  private get regions(): readonly string[] {
    const { region, disasterRecovery } = this.props.config;
    return [region, ...(disasterRecovery ? [disasterRecovery.region] : [])];
  }

  /** @param alarms all of the environment, of whichever stack */
  addDashboards(alarms: readonly DeclaredAlarm[], loadBalancer: IApplicationLoadBalancer): void {
    const { config } = this.props;
    new Dashboards(this, 'Dashboards', {
      environment: config.name,
      alarms,
      runbookUrl: runbookUrlOf(config) ?? RUNBOOK,
      loadBalancer,
      changes: this.changes,
    });
  }

  private makeRoutes(platform: PlatformSettings) {
    const { config } = this.props;
    const { queue: failureQueue } = new FailureQueue(this, 'FailedEvents', { capability: 'alerting' });
    const common: RouteProps = {
      alarms: {
        environmentName: config.name,
        regions: this.regions,
      },
      places: (severity) =>
        placesOf({
          environment: config.name,
          severity,
          region: config.region,
          // A rule sees to it that there is one.
          runbookUrl: runbookUrlOf(config) ?? '',
        }),
      failureQueue,
    };
    const routes = [...this.addPagerDuty(common), ...this.addTopics(platform, common, failureQueue)];
    const proof = new PathProof(this, 'PathProof', {
      platform,
      severities: routedSeverities(config),
      heartbeat: config.alerting.heartbeat,
      failureQueue,
    });
    this.operatorAccess.grantProve(proof.stateMachine);
    return { routes, proof, failureQueue };
  }

  private addPagerDuty(common: RouteProps): readonly ProvenRoute[] {
    const { config, pagerDutySecretArn, rotatedArns } = this.props;
    const { pagerDuty } = config.alerting;
    if (!pagerDuty) return [];
    const route = new PagerDutyRoute(this, 'PagerDuty', {
      ...common,
      severities: pagerDuty.severities,
      keyRevision: pagerDuty.keyRevision,
      secretArn: pagerDutySecretArn,
      changes: { environmentName: config.name, rotatedArns },
    });
    this.changes = route.changes;
    return route.proven;
  }

  private addTopics(
    platform: PlatformSettings,
    common: RouteProps,
    failureQueue: IQueue,
  ): readonly ProvenRoute[] {
    const { email, slack } = this.props.config.alerting;
    const mailed = SEVERITIES.filter((severity) => email[severity].length > 0);
    const chatted = SEVERITIES.flatMap((severity) => {
      const channelId = slack?.channels[severity];
      return channelId === undefined ? [] : [{ severity, channelId }];
    });
    if (mailed.length + chatted.length === 0) return [];
    const key = new TopicsKey(this, 'TopicsKey', platform.environmentName, platform.removalPolicy);
    const mails = mailed.map(
      (severity) =>
        new EmailRoute(this, `Email${pascalCase(severity)}`, {
          ...common,
          severity,
          key,
          addresses: email[severity],
        }),
    );
    const chats = slack
      ? chatted.map(
          ({ severity, channelId }) =>
            new ChatRoute(this, `Chat${pascalCase(severity)}`, {
              ...common,
              severity,
              key,
              channelId,
              workspaceId: slack.workspaceId,
            }),
        )
      : [];
    if (chats.length > 0) {
      const logs = new ChatLogs(this, 'ChatLogs', {
        platform,
        severities: chatted.map(({ severity }) => severity),
        failureQueue,
      });
      for (const chat of chats) chat.node.addDependency(logs.resource);
    }
    this.addUndeliveredAlarm([...mails, ...chats].map(({ topic }) => topic));
    return [...mails, ...chats].map(({ proven }) => proven);
  }

  /** Each topic's failure goes by the others, and by PagerDuty. */
  private addUndeliveredAlarm(topics: readonly ToldTopic[]): void {
    declareAlarm(this, 'UndeliveredAlarm', {
      severity: 'critical',
      anchor: 'alerting-topic-undelivered',
      description: 'SNS could not pass on a message about an alarm, by e-mail or to Slack.',
      metric: failedDeliveries(topics),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'each failure is an alarm that somebody was not told of',
      missingData: 'notBreaching',
    });
  }
}
