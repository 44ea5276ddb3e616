import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAlarmName, type Severity } from '../../core/alerting/alarm-name';
import {
  DEPLOYMENT_MINUTES,
  type Scenario,
  SCENARIO_NAMES,
  TROUBLE_BEGINS,
} from '../../core/alerting/simulation/scenarios';
import type { Simulated } from '../../core/alerting/simulation/simulate';
import { alarmsPage } from '../../scripts/alarms/table';
import { alarmsOf, scenariosOf } from './support/alarms';

/** Somebody sets these to try the path; no metric does. */
const SET_BY_PEOPLE = ['alerting-test'];

const alarms = alarmsOf('prod');
const runs = scenariosOf('prod');

const identityOf = (name: string) => {
  const identity = parseAlarmName('prod', name);
  if (!identity) throw new Error(`${name} is no alarm of prod`);
  return identity;
};

/** What somebody was told of, by section and subject. */
function told(scenario: Scenario, severity: Severity): string[] {
  return runs[scenario]
    .filter(({ name, told: stretches }) => stretches.length > 0 && identityOf(name).severity === severity)
    .map(({ name }) => name.split(`-${severity}-`)[1] as string)
    .sort();
}

const find = (scenario: Scenario, name: string) =>
  runs[scenario].find((one) => one.name === `golive-prod-${name}`) as Simulated;

const SERVICES = ['services-unwell--frontend', 'services-unwell--gateway'];

describe('nobody is woken', () => {
  test.each(['night', 'deployment', 'bad-deployment', 'spike', 'flapping'] as const)('by %s', (scenario) => {
    expect(told(scenario, 'critical')).toEqual([]);
  });

  test('nor told of anything by a night', () => {
    expect(runs.night.filter((one) => one.alarms.length > 0)).toEqual([]);
  });

  test('nor told of anything but the deployment by one that works', () => {
    expect(told('deployment', 'warning')).toEqual([]);
    expect(told('deployment', 'info')).toEqual([
      ...['services-deploying--frontend', 'services-deploying--gateway'],
      ...['services-quiet--frontend', 'services-quiet--gateway'],
    ]);
  });

  test('by a deployment that ECS takes back, though errors are an alarm, which is what takes it back', () => {
    expect(told('bad-deployment', 'warning')).toEqual([
      'edge-target-errors--frontend',
      'edge-target-errors--gateway',
      'services-deployment-failed',
    ]);
    for (const page of SERVICES) {
      expect(find('bad-deployment', `critical-${page}`)).toMatchObject({
        alarms: [expect.anything()],
        told: [],
      });
    }
  });
});

describe('somebody is woken', () => {
  test('by an outage, by every page but that of the edge, which would say the same', () => {
    expect(told('outage', 'critical')).toEqual([
      'alerting-pagerduty-failing',
      'alerting-path-unproven--critical',
      'alerting-topic-undelivered',
      ...['backup-unwell--dumps', 'backup-unwell--proof', 'backup-unwell--snapshots'],
      'cache-unwell',
      'database-unwell',
      ...['secrets-unwell--rotation', 'secrets-unwell--watch'],
      ...SERVICES,
    ]);
  });

  test('within five minutes when a service is gone', () => {
    for (const page of SERVICES) {
      const [first] = find('outage', `critical-${page}`).told;
      expect(first!.from - TROUBLE_BEGINS).toBeLessThanOrEqual(5);
    }
  });

  test('once, when the load balancer alone is unwell', () => {
    expect(told('edge', 'critical')).toEqual(['edge-unwell']);
  });

  test('by a deployment that hangs and takes the service away, when it has been given its time', () => {
    expect(told('stuck-deployment', 'critical')).toEqual(SERVICES);
    const [first] = find('stuck-deployment', 'critical-services-unwell--gateway').told;
    expect(first!.from - TROUBLE_BEGINS).toBeGreaterThanOrEqual(15);
    expect(first!.from - TROUBLE_BEGINS).toBeLessThan(DEPLOYMENT_MINUTES['stuck-deployment']);
  });

  test('by silence of the jobs and of the load balancer, and by nothing that is only not told', () => {
    expect(told('missing-data', 'critical')).toEqual([
      'alerting-path-unproven--critical',
      ...['backup-unwell--dumps', 'backup-unwell--proof', 'backup-unwell--snapshots'],
      'secrets-unwell--watch',
      ...SERVICES,
    ]);
  });

  test('by a leak only after a warning, with hours between the two', () => {
    const low = find('slow-leak', 'warning-database-storage-low').told[0]!;
    const full = find('slow-leak', 'warning-database-storage-full').told[0]!;
    expect(full.from - low.from).toBeGreaterThan(120);
    const high = find('slow-leak', 'warning-cache-memory-high--node-1').told[0]!;
    expect(find('slow-leak', 'critical-cache-unwell').told[0]!.from - high.from).toBeGreaterThan(120);
  });
});

test.each(SCENARIO_NAMES)('what sounded in %s is over by itself when the trouble is', (scenario) => {
  expect(
    runs[scenario].filter((one) => [...one.alarms, ...one.told].some(({ to }) => to === undefined)),
  ).toEqual([]);
});

test('every alarm sounds in some scenario', () => {
  const sounded = new Set(
    Object.values(runs).flatMap((all) => all.filter((one) => one.alarms.length > 0).map(({ name }) => name)),
  );
  const silent = [...alarms.metricAlarms, ...alarms.compositeAlarms]
    .map(({ name }) => name)
    .filter((name) => !sounded.has(name));

  expect(silent.filter((name) => !SET_BY_PEOPLE.includes(identityOf(name).anchor))).toEqual([]);
});

test('docs/alarms.md says so: npm run alarms:table', () => {
  const page = readFileSync(join(__dirname, '../../docs/alarms.md'), 'utf8');

  expect(page).toBe(alarmsPage('prod', alarms, runs));
});
