import * as chatbot from 'aws-cdk-lib/aws-chatbot';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Severity } from '../../core/alerting/alarm-name';
import { chatNotification } from '../../core/alerting/messages';
import { endedForPeople, FIELDS, sounding, UNDESCRIBED } from './alarm-events';
import { chatConfigurationName } from './chat-logs';
import { RETRIES, type ProvenRoute, type RouteProps } from './route';
import { ToldTopic } from './told-topic';

export interface ChatRouteProps extends RouteProps {
  readonly severity: Severity;
  readonly workspaceId: string;
  readonly channelId: string;
  readonly key: IKey;
}

/**
 * A severity's alarms, and their end in the same thread, in a Slack channel. Amazon Q Developer shows what it is told and
 * can do nothing else: its role allows nothing, and whoever asks it for more is held to reading.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/what-is.html
 */
export class ChatRoute extends Construct {
  readonly topic: ToldTopic;
  readonly proven: ProvenRoute;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ChatRouteProps,
  ) {
    super(scope, id);
    const { alarms, severity, key, places } = props;
    this.topic = new ToldTopic(this, 'Topic', key, `GoLive ${alarms.environmentName} ${severity} (chat)`);
    this.addChannel();
    const where = places(severity);
    const sound = this.rule(
      'Alarm',
      sounding(this, alarms, severity, true),
      chatNotification(FIELDS, where, 'ALARM'),
    );
    this.rule(
      'AlarmUndescribed',
      sounding(this, alarms, severity, false),
      chatNotification(UNDESCRIBED, where, 'ALARM'),
    );
    const end = this.rule(
      'Ok',
      endedForPeople(this, alarms, severity),
      chatNotification(UNDESCRIBED, where, 'OK'),
    );
    this.proven = {
      channel: 'chat',
      severity,
      soundRule: sound.ruleName,
      endRule: end.ruleName,
      topic: this.topic.topicName,
    };
  }

  private addChannel(): void {
    const { alarms, severity, workspaceId, channelId } = this.props;
    new chatbot.SlackChannelConfiguration(this, 'Channel', {
      slackChannelConfigurationName: chatConfigurationName(alarms.environmentName, severity),
      slackWorkspaceId: workspaceId,
      slackChannelId: channelId,
      notificationTopics: [this.topic],
      role: new Role(this, 'Role', { assumedBy: new ServicePrincipal('chatbot.amazonaws.com') }),
      // Without one it is AdministratorAccess.
      guardrailPolicies: [ManagedPolicy.fromAwsManagedPolicyName('CloudWatchReadOnlyAccess')],
      // What could not be shown; how long that is kept is `ChatLogs`'.
      loggingLevel: chatbot.LoggingLevel.ERROR,
    });
  }

  private rule(id: string, eventPattern: events.EventPattern, message: object): events.Rule {
    const { alarms, severity, failureQueue } = this.props;
    return new events.Rule(this, id, {
      description: `A ${severity} alarm of ${alarms.environmentName}: tell it in Slack`,
      eventPattern,
      targets: [
        new targets.SnsTopic(this.topic, {
          message: events.RuleTargetInput.fromObject(message),
          deadLetterQueue: failureQueue,
          ...RETRIES,
        }),
      ],
    });
  }
}
