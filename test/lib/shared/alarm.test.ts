import { App, Duration, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type AlarmDeclaration,
  declareAlarm,
  declareCompositeAlarm,
  declaredAlarmsIn,
  readRunbookAt,
} from '../../../lib/shared/alarm';
import { makeApp } from '../support/synthesis';

const DECLARATION: AlarmDeclaration = {
  severity: 'warning',
  anchor: 'edge-slow',
  subject: 'gateway',
  description: 'The gateway is slow.',
  metric: new Metric({ namespace: 'AWS/ApplicationELB', metricName: 'TargetResponseTime' }),
  threshold: 1.5,
  comparison: '>',
  of: [3, 5],
  missingData: 'notBreaching',
};

function makeStack(): Stack {
  return new Stack(new Stage(makeApp(), 'prod'), 'Stack');
}

const propertiesOf = (stack: Stack, type: 'Alarm' | 'CompositeAlarm') =>
  Object.values(Template.fromStack(stack).findResources(`AWS::CloudWatch::${type}`)).map(
    ({ Properties }) => Properties as Record<string, unknown>,
  );

describe('an alarm', () => {
  test('gets its name, its description, its comparison and its missing data from what is declared, and no action', () => {
    const stack = makeStack();
    declareAlarm(stack, 'Slow', DECLARATION);

    expect(propertiesOf(stack, 'Alarm')).toEqual([
      expect.objectContaining({
        AlarmName: 'golive-prod-warning-edge-slow--gateway',
        AlarmDescription: 'The gateway is slow. See docs/runbook.md#edge-slow',
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 1.5,
        DatapointsToAlarm: 3,
        EvaluationPeriods: 5,
        TreatMissingData: 'notBreaching',
      }),
    ]);
    expect(Object.keys(propertiesOf(stack, 'Alarm')[0] as object)).not.toContain('AlarmActions');
  });

  test.each([
    ['>', 'GreaterThanThreshold'],
    ['>=', 'GreaterThanOrEqualToThreshold'],
    ['<', 'LessThanThreshold'],
    ['<=', 'LessThanOrEqualToThreshold'],
  ] as const)('%s is %s', (comparison, ComparisonOperator) => {
    const stack = makeStack();
    declareAlarm(stack, 'Slow', { ...DECLARATION, comparison });

    expect(propertiesOf(stack, 'Alarm')).toEqual([expect.objectContaining({ ComparisonOperator })]);
  });

  test('sends its reader to where people read the runbook', () => {
    const stack = makeStack();
    readRunbookAt(Stage.of(stack) as Stage, 'https://wiki.example/runbook');
    declareAlarm(stack, 'Slow', DECLARATION);

    expect(propertiesOf(stack, 'Alarm')).toEqual([
      expect.objectContaining({
        AlarmDescription: expect.stringMatching(/See https:\S+#edge-slow$/) as string,
      }),
    ]);
  });

  test.each([[[0, 1]], [[2, 1]], [[1.5, 2]], [[1, 0]]] as [AlarmDeclaration['of']][])(
    'of %j periods is refused',
    (of) => {
      expect(() => declareAlarm(makeStack(), 'Slow', { ...DECLARATION, of })).toThrow(/M is 1 to N/);
    },
  );

  test('of one period is refused, unless it says why one is enough', () => {
    expect(() => declareAlarm(makeStack(), 'Slow', { ...DECLARATION, of: [1, 1] })).toThrow(/onceIsEnough/);
    const onceIsEnough = 'what is counted is an event';
    expect(() =>
      declareAlarm(makeStack(), 'Slow', { ...DECLARATION, of: [1, 1], onceIsEnough }),
    ).not.toThrow();
    expect(() => declareAlarm(makeStack(), 'Slow', { ...DECLARATION, onceIsEnough })).toThrow(
      /is for 1 of 1/,
    );
  });

  test('outside of an environment is refused: it would bear no name', () => {
    expect(() => declareAlarm(new Stack(new App()), 'Slow', DECLARATION)).toThrow(/is in no Stage/);
  });
});

describe('a composite alarm', () => {
  test('is any of its children, which stay what they are', () => {
    const stack = makeStack();
    const slow = declareAlarm(stack, 'Slow', DECLARATION);
    const errors = declareAlarm(stack, 'Errors', { ...DECLARATION, anchor: 'edge-errors' });
    declareCompositeAlarm(stack, 'Unwell', {
      severity: 'critical',
      anchor: 'services-unwell',
      description: 'The gateway is not well.',
      anyOf: [slow, errors],
      quietWhile: { alarm: slow, wait: Duration.minutes(2), extension: Duration.minutes(5) },
    });

    const [composite] = propertiesOf(stack, 'CompositeAlarm');
    expect(composite).toMatchObject({
      AlarmName: 'golive-prod-critical-services-unwell',
      AlarmDescription: 'The gateway is not well. See docs/runbook.md#services-unwell',
      ActionsSuppressorWaitPeriod: 120,
      ActionsSuppressorExtensionPeriod: 300,
    });
    expect(JSON.stringify(composite?.['AlarmRule'])).toMatch(/ALARM.*Slow.*OR.*ALARM.*Errors/);
    expect(Object.keys(composite as object)).not.toContain('AlarmActions');
  });

  test.each([0, 101])('with %d children is refused', (count) => {
    const stack = makeStack();
    const slow = declareAlarm(stack, 'Slow', DECLARATION);

    expect(() =>
      declareCompositeAlarm(stack, 'Unwell', {
        severity: 'critical',
        anchor: 'services-unwell',
        description: 'The gateway is not well.',
        anyOf: Array.from({ length: count }, () => slow),
      }),
    ).toThrow(new RegExp(`has ${count} children: give it 1 to 100`));
  });
});

test('all alarms of a stage can be listed, with what was declared', () => {
  const stack = makeStack();
  const slow = declareAlarm(stack, 'Slow', DECLARATION);
  declareCompositeAlarm(stack, 'Unwell', {
    severity: 'critical',
    anchor: 'services-unwell',
    description: 'The gateway is not well.',
    anyOf: [slow],
  });
  const [first, second] = declaredAlarmsIn(Stage.of(stack) as Stage).map(({ alarm, measured, ...rest }) => ({
    ...rest,
    path: alarm.node.id,
    // By itself: Jest cannot pass a metric on when it differs.
    isMeasuredAsDeclared: measured?.metric === DECLARATION.metric,
    threshold: measured?.threshold,
  }));

  expect(first).toEqual({
    path: 'Slow',
    severity: 'warning',
    anchor: 'edge-slow',
    subject: 'gateway',
    description: 'The gateway is slow.',
    isMeasuredAsDeclared: true,
    threshold: DECLARATION.threshold,
  });
  expect(second).toMatchObject({ path: 'Unwell', isMeasuredAsDeclared: false, threshold: undefined });
});
