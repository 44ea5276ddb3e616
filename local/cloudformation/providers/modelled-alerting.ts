import { physicalName, type ResourceRequest } from '../provider';
import type { Model } from './model';

const NOBODY = 'nobody is told from here; tests render what would be sent from the template';
const PERMISSIONS = 'the emulator enforces no permissions; tests read the policies from the template';

/** What stands between an alarm and people. */
export const ALERTING_MODELS: Readonly<Record<string, Model>> = {
  'AWS::Chatbot::SlackChannelConfiguration': {
    note: NOBODY,
    ref: (request) => arn('chatbot', `chat-configuration/slack-channel/${physicalName(request)}`),
  },
  'AWS::Events::ApiDestination': {
    note: NOBODY,
    attributes: (request, id) => ({
      Arn: arn('events', `api-destination/${physicalName(request)}/${id}`),
      ArnForPolicy: arn('events', `api-destination/${physicalName(request)}`),
    }),
  },
  'AWS::Events::Connection': {
    note: NOBODY,
    attributes: (request, id) => ({
      Arn: arn('events', `connection/${physicalName(request)}/${id}`),
      ArnForPolicy: arn('events', `connection/${physicalName(request)}`),
      SecretArn: arn('secretsmanager', `secret:events!connection/${physicalName(request)}`),
    }),
  },
  'AWS::SNS::Subscription': { note: NOBODY, ref: (request, id) => `${topicArn(request)}:${id}` },
  'AWS::SNS::Topic': {
    note: NOBODY,
    ref: topicArn,
    attributes: (request) => ({ TopicArn: topicArn(request), TopicName: physicalName(request) }),
  },
  'AWS::SNS::TopicPolicy': { note: PERMISSIONS },
};

function topicArn(request: ResourceRequest): string {
  return arn('sns', physicalName(request));
}

function arn(service: string, resource: string): string {
  return `arn:aws:${service}::local:${resource}`;
}
