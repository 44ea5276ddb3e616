import { Match } from 'aws-cdk-lib/assertions';
import { parseAlarmName } from '../../../core/alerting/alarm-name';
import type { MetricAlarm } from '../../../core/alerting/simulation/alarm';
import { ENVIRONMENT_NAMES } from '../../../lib/config';
import { alarmsOf } from '../support/alarms';
import { alarmsShown, dashboardsOf, metricsShown, type Widget } from '../support/dashboards';
import { ownMetrics } from '../support/own-metrics';
import { configOf, templatesOf } from '../support/synthesis';
import { unknownMetrics } from '../support/unknown-metrics';

const drawn = ENVIRONMENT_NAMES.filter((name) => configOf(name).alerting.dashboards);

test('every environment is drawn but the one on this machine', () => {
  expect(drawn).toEqual(ENVIRONMENT_NAMES.filter((name) => name !== 'local'));
  expect(templatesOf('local').Alerting.findResources('AWS::CloudWatch::Dashboard')).toEqual({});
});

describe.each(drawn)('in %s', (environment) => {
  const dashboards = dashboardsOf(templatesOf(environment).Alerting);
  const overview = dashboards.get(`golive-${environment}-overview`) as readonly Widget[];
  const all = [...dashboards.values()].flat();
  const alarms = alarmsOf(environment);
  const names = [...alarms.metricAlarms, ...alarms.compositeAlarms].map(({ name }) => name);
  const isCritical = (name: string) => parseAlarmName(environment, name)?.severity === 'critical';

  test('every alarm is on the overview and on the dashboard of one capability, and none that is not there', () => {
    const capabilities = [...dashboards].filter(([name]) => !name.endsWith('-overview'));
    for (const [, widgets] of capabilities) expect(widgets.length).toBeGreaterThan(2);
    const listed = (widgets: readonly Widget[]) =>
      alarmsShown(widgets.filter(({ type }) => type === 'alarm')).sort();

    expect(capabilities.flatMap(([, widgets]) => listed(widgets)).sort()).toEqual([...names].sort());
    expect(listed(overview)).toEqual([...names].sort());
    expect(alarmsShown(all).filter((name) => !names.includes(name))).toEqual([]);
  });

  test('the overview begins with what pages, and all that pages', () => {
    const [first, second] = overview as [Widget, Widget];

    expect(first).toMatchObject({ type: 'alarm', y: 0, properties: { sortBy: 'stateUpdatedTimestamp' } });
    expect(alarmsShown([first]).sort()).toEqual(names.filter(isCritical).sort());
    expect(second.type).toBe('text');
  });

  test('each dashboard of a capability begins with its critical alarms, where it has any', () => {
    for (const [name, widgets] of dashboards) {
      const lists = widgets.filter(({ type }) => type === 'alarm').map((widget) => alarmsShown([widget]));
      if (name.endsWith('-overview') || !lists.flat().some(isCritical)) continue;
      expect(lists[0]!.every(isCritical)).toBe(true);
      expect(lists.slice(1).flat().some(isCritical)).toBe(false);
    }
  });

  test('the overview leads to each capability, to the runbook and to the terminal', () => {
    const text = overview.flatMap(({ properties }) => properties.markdown ?? []).join('\n');

    const others = [...dashboards.keys()].filter((name) => !name.endsWith('-overview'));
    for (const name of others) expect(text).toContain(`dashboards/dashboard/${name})`);
    expect(text).toMatch(/\[Runbook\]\(\S+runbook\.md\)/);
    expect(text).toContain(`golive status -e ${environment}`);
  });

  test('the overview has the golden signals, database, cache, backups and rotation', () => {
    const titles = overview.map(({ properties }) => properties.title);

    expect(titles).toEqual(
      expect.arrayContaining([
        'Requests a minute, and changes',
        'edge-errors',
        'edge-target-errors (gateway)',
        'edge-slow (gateway)',
        'services-cpu-exhausted (gateway)',
        'database-connections-exhausted',
        'cache-memory-high (node-1)',
        'BackupHealth',
        'SecretsHealth',
      ]),
    );
  });

  test('every metric that is drawn is one that somebody tells', () => {
    const asked = all.map((widget, index): MetricAlarm => ({
      name: `${index} ${widget.properties.title}`,
      description: '',
      metrics: metricsShown(widget),
      expression: undefined,
      periodSeconds: 60,
      operator: 'GreaterThanThreshold',
      threshold: 0,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      missingData: 'missing',
    }));

    expect(asked.flatMap(({ metrics }) => metrics).length).toBeGreaterThan(10);
    expect(unknownMetrics({ metricAlarms: asked, compositeAlarms: [] }, ownMetrics())).toEqual([]);
  });

  test('a line that is drawn for a threshold is the threshold of an alarm on that metric', () => {
    const lines = all.flatMap((widget) =>
      (widget.properties.annotations?.horizontal ?? []).map(({ value }) => ({ widget, value })),
    );

    expect(lines.length).toBeGreaterThan(1);
    for (const { widget, value } of lines) {
      for (const { namespace, metricName } of metricsShown(widget)) {
        const judged = alarms.metricAlarms.filter(
          ({ threshold, metrics }) =>
            threshold === value &&
            metrics.some((metric) => metric.namespace === namespace && metric.metricName === metricName),
        );
        expect([widget.properties.title, judged.length > 0]).toEqual([widget.properties.title, true]);
      }
    }
  });

  test('no dashboard is over what CloudWatch takes, and no widget lies over another', () => {
    for (const widgets of dashboards.values()) {
      expect(widgets.length).toBeLessThanOrEqual(500);
      expect(widgets.flatMap(metricsShown).length).toBeLessThanOrEqual(2500);
      for (const widget of widgets) {
        expect(metricsShown(widget).length).toBeLessThanOrEqual(500);
        expect(widget.properties.alarms?.length ?? 1).toBeLessThanOrEqual(100);
        expect(widget.properties.annotations?.alarms?.length ?? 1).toBe(1);
        expect(widget.x + widget.width).toBeLessThanOrEqual(24);
      }
      expect(widgets.filter((one) => widgets.some((other) => one !== other && overlap(one, other)))).toEqual(
        [],
      );
    }
  });

  test('a graph keeps the periods of its alarms, and an alarm is asked for where it is', () => {
    const { Resources } = templatesOf(environment).Alerting.toJSON() as {
      Resources: Record<string, { Type: string; Properties: { DashboardBody: unknown } }>;
    };
    const bodies = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Dashboard');
    for (const { Properties } of bodies) {
      expect(JSON.stringify(Properties.DashboardBody)).toContain('periodOverride\\":\\"inherit');
    }
    for (const { properties } of all) {
      for (const arn of properties.annotations?.alarms ?? [])
        expect(arn.split(':')[3]).toBe(properties.region);
    }
  });

  test('no stack that holds data exports anything for a dashboard', () => {
    const bodies = templatesOf(environment).Alerting.findResources('AWS::CloudWatch::Dashboard');
    const imports = [...JSON.stringify(bodies).matchAll(/"Fn::ImportValue":"([^"]+)"/g)].map(
      ([, name]) => name,
    );

    expect(new Set(imports).size).toBe(1);
    expect(imports[0]).toMatch(new RegExp(`^${environment}-Services:.*LoadBalancerFullName`));
  });
});

test('production draws what was deployed and rotated beside traffic', () => {
  const traffic = dashboardsOf(templatesOf('prod').Alerting)
    .get('golive-prod-overview')!
    .find(({ properties }) => properties.title?.startsWith('Requests')) as Widget;

  expect(metricsShown(traffic).map(({ metricName }) => metricName)).toEqual([
    'RequestCount',
    'TriggeredRules',
    'TriggeredRules',
  ]);
  expect(traffic.properties.metrics!.slice(1)).toEqual([
    expect.arrayContaining([expect.objectContaining({ label: 'deployed', yAxis: 'right' })]),
    expect.arrayContaining([expect.objectContaining({ label: 'secret rotated', yAxis: 'right' })]),
  ]);
});

test('alarms of the region of disaster recovery are drawn from there', () => {
  const { disasterRecovery } = configOf('prod');
  const recovery = dashboardsOf(templatesOf('prod').Alerting).get(
    'golive-prod-recovery',
  ) as readonly Widget[];
  const graphs = recovery.filter(({ type }) => type === 'metric');

  expect(graphs.length).toBeGreaterThan(1);
  expect(new Set(graphs.map(({ properties }) => properties.region))).toEqual(
    new Set([disasterRecovery!.region]),
  );
});

test('a dashboard is known by the name that alarms lead to', () => {
  templatesOf('prod').Alerting.hasResourceProperties('AWS::CloudWatch::Dashboard', {
    DashboardName: 'golive-prod-overview',
    DashboardBody: Match.anyValue(),
  });
});

function overlap(one: Widget, other: Widget): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
