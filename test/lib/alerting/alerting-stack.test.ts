import { type App, Stage, Validations } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ChatNotification } from '../../../core/alerting/messages';
import { AlertingOperations } from '../../../core/alerting/operations';
import { declaredAlarmsIn } from '../../../lib/shared/alarm';
import { AlertingStack } from '../../../lib/alerting/alerting-stack';
import { parseEnvironment } from '../../../lib/config/parse';
import { local } from '../../../lib/config/local';
import { type CfnTemplate, GUARDS } from '../support/guards';
import { makeApp, outlineOf, readReport } from '../support/synthesis';
import { alertingOf, configWith, EVERYBODY, ROTATED_ARN, SECRET_ARN, sentBy } from './alerting-of';
import { asSent, QUIET, SHAPES } from './documented-events';

const template = alertingOf();
const NEW = { value: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' };

describe('an e-mail', () => {
  test.each(Object.entries(SHAPES))('is sent once when an alarm sounds: %s', (_, change) => {
    const event = asSent(change);
    const [[, text], ...more] = sentBy(template, 'EmailCritical', event) as [[string, string]];

    expect(more).toEqual([]);
    expect(text).toContain(
      `GoLive prod, critical: ${event.detail.alarmName} is in ALARM since ${event.time}`,
    );
    expect(text).toContain((event.detail.configuration['description'] as string | undefined) ?? '""');
    expect(text.split('\n"')).toHaveLength(5);
  });

  test('is sent when it is over, and not when a new alarm has its first figure', () => {
    expect(sentBy(template, 'EmailCritical', asSent({ value: 'OK' }))).toMatchObject([
      [expect.stringMatching(/^EmailCriticalOk/), expect.stringContaining('is over since')],
    ]);
    expect(sentBy(template, 'EmailCritical', asSent({ value: 'OK', previousState: NEW }))).toEqual([]);
    expect(sentBy(template, 'EmailCritical', asSent(QUIET))).toEqual([]);
  });

  test('goes to who is told of that severity', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'on-call@golive.example',
      TopicArn: { Ref: Match.stringLikeRegexp('^EmailCritical') },
    });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Endpoint: 'platform@golive.example',
      TopicArn: { Ref: Match.stringLikeRegexp('^EmailWarning') },
    });
  });
});

describe('a message in Slack', () => {
  const told = (event: unknown) =>
    sentBy(template, 'ChatCritical', event).map(([, text]) => ChatNotification.parse(JSON.parse(text)));

  test.each(Object.entries(SHAPES))('has the form that is shown, when an alarm sounds: %s', (_, change) => {
    const event = asSent(change);
    const messages = told(event);

    expect(messages).toHaveLength(1);
    expect(messages[0]!.content.description).toBe(
      event.detail.configuration['description'] ?? `${event.detail.alarmName} is in ALARM.`,
    );
  });

  test('that it is over stands in the same thread', () => {
    const [sounds, over] = [told(asSent({}))[0]!, told(asSent({ value: 'OK' }))[0]!];

    expect(over.content.title).toBe(
      ':white_check_mark: golive-prod-critical-edge-no-healthy-host--gateway is over',
    );
    expect(over.metadata.threadId).toBe(sounds.metadata.threadId);
  });

  test('is not sent for what is kept quiet, or new', () => {
    expect(told(asSent(QUIET))).toEqual([]);
    expect(told(asSent({ value: 'OK', previousState: NEW }))).toEqual([]);
  });

  test('comes from who may do nothing, and lets nobody do more than read', () => {
    template.hasResourceProperties('AWS::Chatbot::SlackChannelConfiguration', {
      ConfigurationName: 'golive-prod-critical',
      SlackWorkspaceId: 'T0123ABCD',
      SlackChannelId: 'C0123ABCD',
      LoggingLevel: 'ERROR',
      GuardrailPolicies: [
        {
          'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::aws:policy/CloudWatchReadOnlyAccess']],
        },
      ],
      IamRoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ChatCriticalRole'), 'Arn'] },
    });
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => (Properties as { Roles: { Ref: string }[] }).Roles,
    );
    expect(policies.filter(({ Ref }) => Ref.startsWith('Chat') && !Ref.startsWith('ChatLogs'))).toEqual([]);
  });

  test('has logs that end, before it has logs', () => {
    template.hasResourceProperties('Custom::ChatLogs', {
      LogGroupNames: ['/aws/chatbot/golive-prod-critical', '/aws/chatbot/golive-prod-info'],
      RetentionDays: '365',
    });
    template.hasResource('AWS::Chatbot::SlackChannelConfiguration', {
      DependsOn: [Match.stringLikeRegexp('^ChatLogsGroups')],
    });
    const arn = (name: string) =>
      `arn:aws:logs:us-east-1:333333333333:log-group:/aws/chatbot/golive-prod-${name}`;
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Action: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'],
            Effect: 'Allow',
            Resource: [arn('critical'), arn('info')],
          },
        ]),
      },
    });
  });
});

describe('topics', () => {
  test('are encrypted with a key that EventBridge may use without a condition, which it would not meet', () => {
    const topics = Object.values(template.findResources('AWS::SNS::Topic'));

    expect(topics).toHaveLength(4);
    for (const { Properties } of topics) {
      expect(Properties).toHaveProperty('KmsMasterKeyId.Fn::GetAtt.0', expect.stringMatching(/^TopicsKey/));
    }
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          {
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Resource: '*',
          },
        ]),
      },
    });
  });

  test('take nothing without TLS', () => {
    expect(Object.keys(template.findResources('AWS::SNS::TopicPolicy'))).toHaveLength(4);
    template.allResourcesProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });
});

describe('the proof of the path', () => {
  test('may set the test alarms, and no other', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) =>
        (Properties as { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } })
          .PolicyDocument.Statement,
    );
    const arn = (severity: string) =>
      `arn:aws:cloudwatch:eu-central-1:333333333333:alarm:golive-prod-${severity}-alerting-test`;

    expect(statements.filter(({ Action }) => JSON.stringify(Action).includes('SetAlarmState'))).toEqual([
      {
        Action: 'cloudwatch:SetAlarmState',
        Effect: 'Allow',
        Resource: [arn('critical'), arn('info'), arn('warning')],
      },
    ]);
  });

  test.each(['critical', 'warning', 'info'])('has an alarm for %s that stays as it was set', (severity) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `golive-prod-${severity}-alerting-test`,
      TreatMissingData: 'ignore',
    });
  });

  test('that has not worked for a week is an alarm, and so is silence about it', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'golive-prod-critical-alerting-path-unproven--critical',
      MetricName: 'HoursSincePathProven',
      Dimensions: Match.arrayWith([{ Name: 'severity', Value: 'critical' }]),
      Threshold: 171,
      Period: 3600,
      DatapointsToAlarm: 2,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });
});

test('what does not arrive is told by another way: each alarm about routes is critical, and critical goes by e-mail', () => {
  for (const [name, metric] of [
    ['golive-prod-critical-alerting-pagerduty-failing', 'FailedInvocations'],
    ['golive-prod-critical-alerting-topic-undelivered', 'NumberOfNotificationsFailed'],
  ]) {
    const [alarm] = Object.values(
      template.findResources('AWS::CloudWatch::Alarm', { Properties: { AlarmName: name } }),
    );
    expect(JSON.stringify(alarm)).toContain(metric);
    expect(sentBy(template, 'EmailCritical', asSent({ name: name! }))).toHaveLength(1);
  }
});

/** The parameter's text, with a name for each reference. */
function operationsOf(of: Template): AlertingOperations {
  const [parameter] = Object.values(of.findResources('AWS::SSM::Parameter'));
  const value = (parameter!['Properties'] as { Value: string | { 'Fn::Join': [string, unknown[]] } }).Value;
  const text =
    typeof value === 'string'
      ? value
      : value['Fn::Join'][1]
          .map((part) => (typeof part === 'string' ? part : String(Object.values(part as object)[0])))
          .join('');
  expect(text.length).toBeLessThan(3000); // of 4,096 characters, and names are longer than what refers to them
  return AlertingOperations.parse(JSON.parse(text));
}

test('operators’ tools know every route, and no address', () => {
  const { routes } = operationsOf(template);

  expect(routes.map(({ channel, severity }) => `${channel} ${severity}`)).toEqual([
    'pagerduty critical',
    'pagerduty warning',
    'email critical',
    'email warning',
    'chat critical',
    'chat info',
  ]);
  expect(JSON.stringify(routes)).not.toMatch(/golive\.example|C0123/);
});

describe('where nobody is to be told', () => {
  const nobody = alertingOf(parseEnvironment('lib/config/local.ts', local));

  test('there is one notice, the parameter that says so, and the right to see how alarms are', () => {
    expect(outlineOf(nobody)).toEqual([
      expect.stringMatching(/^AWS::IAM::ManagedPolicy OperatorAccess/),
      expect.stringMatching(/^AWS::SSM::Parameter Operations/),
    ]);
    nobody.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Action: 'ssm:GetParameter' }),
          {
            Action: 'cloudwatch:DescribeAlarms',
            Effect: 'Allow',
            Resource: '*',
            Condition: { StringEquals: { 'aws:RequestedRegion': ['eu-central-1'] } },
          },
        ],
      },
    });
    expect(operationsOf(nobody)).toEqual({ alertingVersion: 1, environment: 'local', routes: [] });
    nobody.hasOutput('LeftOut', {
      Value:
        'not told of alarms, by configuration: PagerDuty (alerting.pagerDuty), e-mail (alerting.email), Slack (alerting.slack)',
    });
  });

  test('a route that is there is not left out', () => {
    expect(Object.keys(template.findOutputs('LeftOut'))).toEqual([]);
    alertingOf(configWith({ ...EVERYBODY, slack: undefined })).hasOutput('LeftOut', {
      Value: 'not told of alarms, by configuration: Slack (alerting.slack)',
    });
  });
});

describe('a stack with every route', () => {
  test('keeps every guard', () => {
    for (const guard of Object.values(GUARDS)) expect(guard(template.toJSON() as CfnTemplate)).toEqual([]);
  });

  test('has no finding of cdk-nag, nor an acknowledgement of none', () => {
    const app: App = makeApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks());
    const config = configWith();
    const stage = new Stage(app, 'prod', { env: { account: config.account, region: config.region } });
    new AlertingStack(stage, 'Alerting', {
      config,
      pagerDutySecretArn: SECRET_ARN,
      rotatedArns: [ROTATED_ARN],
    });
    app.synth();

    expect(readReport(app).pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
  });

  test('declares its alarms like every other', () => {
    const config = configWith();
    const stage = new Stage(makeApp(), 'prod', { env: { account: config.account, region: config.region } });
    new AlertingStack(stage, 'Alerting', {
      config,
      pagerDutySecretArn: SECRET_ARN,
      rotatedArns: [ROTATED_ARN],
    });

    expect(declaredAlarmsIn(stage)).toHaveLength(
      Object.keys(template.findResources('AWS::CloudWatch::Alarm')).length,
    );
  });
});

test('the Alerting stack is the reviewed one', () => {
  expect(outlineOf(template)).toMatchSnapshot();
});
