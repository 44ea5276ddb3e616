import type { Alarms, AskedMetric, MetricAlarm } from '../../core/alerting/simulation/alarm';
import { ENVIRONMENT_NAMES } from '../../lib/config';
import { alarmsOf } from './support/alarms';
import { metricsIn, ownMetrics } from './support/own-metrics';
import { PUBLISHED, type Unit } from './support/published-metrics';
import { unknownMetrics } from './support/unknown-metrics';

const own = ownMetrics();

describe.each(ENVIRONMENT_NAMES)('in %s', (environment) => {
  const alarms = alarmsOf(environment);

  test('every metric that an alarm names is one that somebody tells', () => {
    expect(alarms.metricAlarms.length).toBeGreaterThan(80);
    expect(unknownMetrics(alarms, own)).toEqual([]);
  });

  test('every threshold is in the unit of its metric', () => {
    expect(alarms.metricAlarms.flatMap(outOfRange)).toEqual([]);
  });

  test('no alarm says a value that only its deployment settles, nor more than its routes take', () => {
    for (const { name, description } of [...alarms.metricAlarms, ...alarms.compositeAlarms]) {
      expect(`${name} ${description}`).not.toMatch(/\$\{|\[object|undefined|NaN|TOKEN/);
    }
  });
});

/** What a threshold in this unit may be: one in another is far outside. */
const RANGES: Readonly<Partial<Record<Unit, readonly [number, number]>>> = {
  Percent: [0, 100],
  // A latency; how far a replica may be behind is an hour.
  Seconds: [0.001, 3600],
  Milliseconds: [1000, 900_000],
  Bytes: [1e8, 1e15],
  Days: [1, 60],
};

function outOfRange({ name, metrics, threshold, expression }: MetricAlarm): string[] {
  if (expression !== undefined && metrics.length > 1) return [];
  return metrics.flatMap(({ namespace, metricName }) => {
    const published = PUBLISHED[namespace]?.metrics[metricName];
    const unit = typeof published === 'object' ? published.unit : published;
    const range = unit && RANGES[unit];
    return range && (threshold < range[0] || threshold > range[1])
      ? [`${name}: ${threshold} are no ${unit}`]
      : [];
  });
}

/** The check itself: each of these alarms would stay quiet for ever. */
describe('the check finds', () => {
  const alarmOn = (metric: Partial<AskedMetric>): Alarms => ({
    compositeAlarms: [],
    metricAlarms: [
      {
        name: 'bad',
        description: '',
        expression: undefined,
        periodSeconds: 60,
        operator: 'GreaterThanThreshold',
        threshold: 1,
        evaluationPeriods: 1,
        datapointsToAlarm: 1,
        missingData: 'missing',
        metrics: [
          {
            id: 'metric',
            namespace: 'AWS/RDS',
            metricName: 'ReadLatency',
            dimensions: { DBInstanceIdentifier: 'golive-prod' },
            statistic: 'p90',
            ...metric,
          },
        ],
      },
    ],
  });
  const dimensions = { service: 'backup-monitor', environment: 'prod', check: 'completeness' };

  test.each<[string, Partial<AskedMetric>, RegExp]>([
    ['a misspelt name', { metricName: 'ReadLatencies' }, /AWS\/RDS has no ReadLatencies/],
    ['a misspelt namespace', { namespace: 'AWS/Rds' }, /no table of the namespace AWS\/Rds/],
    ['a misspelt dimension', { dimensions: { InstanceIdentifier: 'a' } }, /not told by InstanceIdentifier/],
    ['a dimension too few', { dimensions: {} }, /ReadLatency is not told by/],
    [
      'a name that no handler tells',
      { namespace: 'GoLive', metricName: 'BackupHealthy', dimensions },
      /backup-monitor tells no BackupHealthy/,
    ],
    [
      'a name that another function tells',
      { namespace: 'GoLive', metricName: 'SecretsHealth', dimensions },
      /backup-monitor tells no SecretsHealth/,
    ],
    [
      'a dimension of ours that no handler adds',
      { namespace: 'GoLive', metricName: 'BackupHealth', dimensions: { ...dimensions, database: 'golive' } },
      /backup-monitor does not tell BackupHealth by check, database, environment, service/,
    ],
  ])('%s', (_, metric, wrong) => {
    expect(unknownMetrics(alarmOn(metric), own)).toEqual([expect.stringMatching(wrong)]);
  });

  test('nothing wrong with one that is told', () => {
    expect(unknownMetrics(alarmOn({}), own)).toEqual([]);
    expect(
      unknownMetrics(alarmOn({ namespace: 'GoLive', metricName: 'BackupHealth', dimensions }), own),
    ).toEqual([]);
  });

  test('milliseconds where RDS tells seconds, and percent where it tells bytes', () => {
    const [alarm] = alarmOn({}).metricAlarms;
    expect(outOfRange({ ...alarm!, threshold: 20_000 })).toEqual(['bad: 20000 are no Seconds']);
    const [storage] = alarmOn({ metricName: 'FreeStorageSpace' }).metricAlarms;
    expect(outOfRange({ ...storage!, threshold: 10 })).toEqual(['bad: 10 are no Bytes']);
  });
});

test('what a handler tells is read from its code', () => {
  expect(
    metricsIn(`
      metrics.addMetric('Plain', MetricUnit.Count, 1);
      const metric = metrics.singleMetric();
      metric.addDimension('check', name);
      metric.addMetric('Single', MetricUnit.NoUnit, 1);
      metrics.addMetric(
        'Broken',
        MetricUnit.Count, 1);
      metrics.singleMetric().addDimension('code', code).addMetric('Chained', MetricUnit.Count, 1);
    `),
  ).toEqual([
    { metricName: 'Plain', dimensions: ['environment', 'service'] },
    { metricName: 'Single', dimensions: ['check', 'environment', 'service'] },
    { metricName: 'Broken', dimensions: ['environment', 'service'] },
    { metricName: 'Chained', dimensions: ['code', 'environment', 'service'] },
  ]);
});
