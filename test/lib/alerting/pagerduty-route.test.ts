import { Match } from 'aws-cdk-lib/assertions';
import { placesOf } from '../../../core/alerting/alarm-fields';
import { LONGEST_ALARM_NAME } from '../../../core/alerting/alarm-name';
import {
  LARGEST_EVENT_BYTES,
  PagerDutyAlert,
  PagerDutyChange,
  pagerDutyTrigger,
} from '../../../core/alerting/pagerduty';
import { alertingOf, ROTATED_ARN, rulesOf, SECRET_ARN, sentBy } from './alerting-of';
import { ACCOUNT, asSent, QUIET, SHAPES, type Change } from './documented-events';

/** What the connection adds. */
const routing_key = 'a'.repeat(32);

const template = alertingOf();
const sent = (event: unknown) =>
  sentBy(template, 'PagerDuty', event).map(([, text]) =>
    PagerDutyAlert.parse({ routing_key, ...(JSON.parse(text) as object) }),
  );

describe('an alarm that sounds', () => {
  test.each(Object.entries(SHAPES))('triggers one alert, and its end resolves it: %s', (_, change) => {
    const event = asSent(change);
    const triggered = sent(event);

    expect(triggered).toHaveLength(1);
    const [trigger] = triggered;
    expect(trigger).toMatchObject({ event_action: 'trigger', dedup_key: event.resources[0] });
    expect(sent(asSent({ ...change, value: 'OK', previousState: { value: 'ALARM' } }))).toEqual([
      { routing_key, event_action: 'resolve', dedup_key: trigger!.dedup_key },
    ]);
  });

  test('arrives as the model has it', () => {
    const event = asSent(SHAPES['words in quotes, over lines']!);
    const { alarmName, configuration, state } = event.detail;
    const model = pagerDutyTrigger(
      {
        name: alarmName,
        arn: event.resources[0]!,
        time: event.time,
        region: event.region,
        description: configuration['description'],
        state,
        configuration,
      },
      placesOf({
        environment: 'prod',
        severity: 'critical',
        region: 'eu-central-1',
        runbookUrl: 'https://github.com/my-company/golive/blob/main/docs/runbook.md',
      }),
    );

    expect(sent(event)).toEqual([{ routing_key, ...model }]);
    expect(model).toMatchObject({
      payload: {
        summary: 'Say "no" to C:\\temp,\nand <nobody> else. See docs/runbook.md#x',
        severity: 'critical',
      },
    });
  });

  test('that nobody described is told by its name', () => {
    expect(sent(asSent(SHAPES['an alarm with no description']!))).toMatchObject([
      { payload: { summary: 'golive-prod-critical-edge-no-healthy-host--gateway is in ALARM' } },
    ]);
  });

  test('says where to look next', () => {
    const hrefs = sent(asSent({})).flatMap((alert) =>
      alert.event_action === 'trigger' ? alert.links.map(({ href }) => href) : [],
    );

    expect(hrefs).toEqual([
      'https://github.com/my-company/golive/blob/main/docs/runbook.md',
      'https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/golive-prod-critical-edge-no-healthy-host--gateway',
      'https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/golive-prod-overview',
      'https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights',
    ]);
  });

  test('is as bad as its name says', () => {
    expect(sent(asSent({ name: 'golive-prod-warning-edge-slow' }))).toMatchObject([
      { payload: { severity: 'warning', component: 'golive-prod-warning-edge-slow' } },
    ]);
  });

  test('in the region of disaster recovery goes the same way', () => {
    expect(
      sent(asSent({ name: 'golive-prod-critical-recovery-replication-late', region: 'eu-west-1' })),
    ).toHaveLength(1);
  });
});

describe('nobody is paged', () => {
  test.each<[string, Change]>([
    ['for an alarm that has no data', { value: 'INSUFFICIENT_DATA' }],
    ['for a composite alarm that is kept quiet', QUIET],
    ['for a severity that is not to go there', { name: 'golive-prod-info-services-deploying' }],
    ['for another environment', { name: 'golive-staging-critical-edge-errors' }],
    ['for an environment whose name begins alike', { name: 'golive-prod-eu-critical-edge-errors' }],
    ["for somebody else's alarm", { name: 'critical' }],
    ['for an alarm of a region where we have none', { region: 'us-east-1' }],
  ])('%s', (_, change) => {
    expect(sent(asSent(change))).toEqual([]);
  });

  test('for what is no change of state', () => {
    expect(sent({ ...asSent({}), 'detail-type': 'CloudWatch Alarm Configuration Change' })).toEqual([]);
    expect(sent({ ...asSent({}), 'detail-type': 'CloudWatch Alarm Contributor State Change' })).toEqual([]);
  });
});

test('the end of what was kept quiet resolves it all the same', () => {
  const over = asSent({ ...QUIET, value: 'OK', state: { actionsSuppressedBy: 'ExtensionPeriod' } });

  expect(sent(over)).toMatchObject([{ event_action: 'resolve' }]);
});

test('an alarm that had no data before it was over is resolved, too', () => {
  expect(sent(asSent({ value: 'OK', previousState: { value: 'INSUFFICIENT_DATA' } }))).toMatchObject([
    { event_action: 'resolve' },
  ]);
});

describe('what PagerDuty and EventBridge take at most', () => {
  const longest = 'golive-prod-critical-'.padEnd(LONGEST_ALARM_NAME, 'x');

  test('is enough for the longest name, description, reason and rule', () => {
    const [alert] = sent(
      asSent({
        name: longest,
        configuration: { description: '字'.repeat(1024), alarmRule: 'x"'.repeat(5120) },
        state: { reason: '"\n'.repeat(511), reasonData: '{"a":1}'.repeat(571) },
      }),
    );

    expect(Buffer.byteLength(JSON.stringify(alert))).toBeLessThan(LARGEST_EVENT_BYTES / 2);
  });

  test('is enough for the key of a name in the longest partition and region', () => {
    const arn = `arn:aws-us-gov:cloudwatch:ap-southeast-99:${ACCOUNT}:alarm:${longest}`;

    expect(arn.length).toBeLessThanOrEqual(255);
  });

  test('lets 100 alarms at once be 100 alerts', () => {
    const alerts = Array.from({ length: 100 }, (_, index) =>
      sent(asSent({ name: `golive-prod-critical-edge-errors--s${index}` })),
    ).flat();

    expect(new Set(alerts.map(({ dedup_key }) => dedup_key)).size).toBe(100);
    template.allResourcesProperties('AWS::Events::ApiDestination', { InvocationRateLimitPerSecond: 50 });
  });
});

describe('a change event', () => {
  const change = (event: unknown) =>
    sentBy(template, 'PagerDuty', event).map(([, text]) =>
      PagerDutyChange.parse({ routing_key, ...(JSON.parse(text) as object) }),
    );
  const arn = `arn:aws:ecs:eu-central-1:${ACCOUNT}:service/prod-Services-ClusterEB0386A7-x/prod-Services-Gateway-y`;
  const deployed = (eventName: string, resource = arn) => ({
    source: 'aws.ecs',
    'detail-type': 'ECS Deployment State Change',
    time: '2026-10-02T17:04:40Z',
    region: 'eu-central-1',
    resources: [resource],
    detail: {
      eventType: 'INFO',
      eventName,
      deploymentId: 'ecs-svc/123',
      reason: 'ECS deployment completed.',
    },
  });
  const rotation = (eventName: string, SecretId = ROTATED_ARN) => ({
    source: 'aws.secretsmanager',
    'detail-type': 'AWS Service Event via CloudTrail',
    time: '2026-10-02T17:04:40Z',
    region: 'eu-central-1',
    resources: [],
    detail: {
      eventSource: 'secretsmanager.amazonaws.com',
      eventName,
      userIdentity: { accountId: ACCOUNT, invokedBy: 'secretsmanager.amazonaws.com' },
      additionalEventData: { SecretId },
    },
  });

  test('tells of a deployment that is complete', () => {
    expect(change(deployed('SERVICE_DEPLOYMENT_COMPLETED'))).toMatchObject([
      { payload: { summary: `prod: deployed: ${arn}`, source: 'golive-prod' } },
    ]);
  });

  test('tells of a rotation that succeeded, and not who asked for it', () => {
    const [told] = change(rotation('RotationSucceeded'));

    expect(told).toMatchObject({ payload: { summary: `prod: secret rotated: ${ROTATED_ARN}` } });
    expect(JSON.stringify(told)).not.toContain('userIdentity');
  });

  test.each([
    deployed('SERVICE_DEPLOYMENT_FAILED'),
    deployed('SERVICE_DEPLOYMENT_COMPLETED', arn.replaceAll('prod-', 'staging-')),
    rotation('RotationFailed'),
    rotation('RotationSucceeded', 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:Other-AbCdEf'),
  ])('tells of nothing else: %j', (event) => {
    expect(change(event)).toEqual([]);
  });
});

describe('the routing key', () => {
  test('goes from the secret to the connection, which puts it into the body', () => {
    const reference = `{{resolve:secretsmanager:${SECRET_ARN}:SecretString:::}}`;

    template.hasResourceProperties('AWS::Events::Connection', {
      AuthParameters: {
        ApiKeyAuthParameters: { ApiKeyValue: reference },
        InvocationHttpParameters: {
          BodyParameters: [{ Key: 'routing_key', IsValueSecret: true, Value: reference }],
        },
      },
    });
  });

  test('is read again when its revision is counted up: the connection is then another', () => {
    template.hasResourceProperties('AWS::Events::Connection', {
      Description: Match.stringLikeRegexp('key revision 1$'),
    });
  });

  test('is in no message', () => {
    for (const { Targets } of rulesOf(template, 'PagerDuty')) {
      expect(Targets[0]!.InputTransformer!.InputTemplate).not.toMatch(/routing_key|resolve:/);
    }
  });
});

test('rules may call PagerDuty’s two addresses and nothing else, try for an hour, and leave what failed', () => {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).map(
    ({ Properties }) =>
      (Properties as { PolicyDocument: { Statement: { Action: string; Resource: unknown }[] } })
        .PolicyDocument,
  );
  const calls = policies
    .flatMap(({ Statement }) => Statement)
    .filter(({ Action }) => Action === 'events:InvokeApiDestination');

  expect(
    JSON.stringify(calls.map(({ Resource }) => Resource))
      .match(/PagerDuty(Alerts|Changes)/g)!
      .sort(),
  ).toEqual(expect.arrayContaining(['PagerDutyAlerts', 'PagerDutyChanges']));
  expect(JSON.stringify(calls)).not.toContain('"*"');
  for (const { Targets } of rulesOf(template, 'PagerDuty')) {
    expect(Targets[0]).toMatchObject({
      RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^FailedEvents/), 'Arn'] } },
    });
  }
});
