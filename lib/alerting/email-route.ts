import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Severity } from '../../core/alerting/alarm-name';
import { mailLines } from '../../core/alerting/messages';
import { endedForPeople, FIELDS, sounding } from './alarm-events';
import { RETRIES, type ProvenRoute, type RouteProps } from './route';
import { ToldTopic } from './told-topic';

export interface EmailRouteProps extends RouteProps {
  readonly severity: Severity;
  readonly addresses: readonly string[];
  readonly key: IKey;
}

/** A severity's alarms, and their end, by e-mail: lines to read, which EventBridge sends whatever they hold. */
export class EmailRoute extends Construct {
  readonly topic: ToldTopic;
  readonly proven: ProvenRoute;

  constructor(scope: Construct, id: string, props: EmailRouteProps) {
    super(scope, id);
    const { alarms, severity, key } = props;
    // Mail programs show it as the sender.
    this.topic = new ToldTopic(this, 'Topic', key, `GoLive ${alarms.environmentName} ${severity}`);
    for (const address of props.addresses) this.topic.addSubscription(new EmailSubscription(address));
    const sound = this.rule('Alarm', 'ALARM', sounding(this, alarms, severity), props);
    const end = this.rule('Ok', 'OK', endedForPeople(this, alarms, severity), props);
    this.proven = {
      channel: 'email',
      severity,
      soundRule: sound.ruleName,
      endRule: end.ruleName,
      topic: this.topic.topicName,
    };
  }

  private rule(
    id: string,
    state: 'ALARM' | 'OK',
    eventPattern: events.EventPattern,
    { alarms, severity, places, failureQueue }: EmailRouteProps,
  ): events.Rule {
    const lines = mailLines(FIELDS, places(severity), state);
    return new events.Rule(this, id, {
      description: `A ${severity} alarm of ${alarms.environmentName} is in ${state}: tell it by e-mail`,
      eventPattern,
      targets: [
        new targets.SnsTopic(this.topic, {
          message: events.RuleTargetInput.fromMultilineText(lines.join('\n')),
          deadLetterQueue: failureQueue,
          ...RETRIES,
        }),
      ],
    });
  }
}
