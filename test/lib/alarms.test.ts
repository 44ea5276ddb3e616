import { LONGEST_ALARM_DESCRIPTION, anchorIn } from '../../core/alerting/alarm-description';
import { parseAlarmName } from '../../core/alerting/alarm-name';
import { CHECK_NAMES } from '../../core/backup/health/report';
import { SECRETS_CHECK_NAMES } from '../../core/secrets/status';
import { BACKUP_PAGES } from '../../lib/backup/pages';
import { ENVIRONMENT_NAMES } from '../../lib/config';
import { SECRETS_PAGES } from '../../lib/secrets/pages';
import { alarmsOf } from './support/alarms';
import { missingParts, RUNBOOK, sectionsOf } from './support/runbook';
import { configOf } from './support/synthesis';

const sections = sectionsOf(RUNBOOK);

/** A chapter has a heading in words; an alarm's section is headed by its anchor. */
const alarmSections = [...RUNBOOK.matchAll(/^## ([a-z0-9-]+)$/gm)].map(([, heading]) => heading as string);

/** Alarms that no environment has as it is configured. */
const CONFIGURED_NOWHERE = ['database-slot-lagging'];

const all = ENVIRONMENT_NAMES.map((environment) => ({ environment, alarms: alarmsOf(environment) }));

describe.each(all)('in $environment', ({ environment, alarms }) => {
  const every = [...alarms.metricAlarms, ...alarms.compositeAlarms];
  const anchors = new Set(every.map(({ description }) => anchorIn(description)));

  test('every alarm sends its reader to its own section of the runbook', () => {
    expect([...anchors].filter((anchor) => !sections.has(anchor as string))).toEqual([]);
    for (const { name, description } of every) {
      expect(parseAlarmName(environment, name)).toMatchObject({ anchor: anchorIn(description) });
    }
  });

  test('no two alarms have one name', () => {
    const names = every.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('no description is longer than its routes take', () => {
    expect(every.filter(({ description }) => description.length > LONGEST_ALARM_DESCRIPTION)).toEqual([]);
  });

  test('no alarm looks back further than the seven days that CloudWatch allows', () => {
    const tooFar = alarms.metricAlarms.filter(
      ({ evaluationPeriods, periodSeconds }) => evaluationPeriods * periodSeconds > 7 * 86_400,
    );
    expect(tooFar).toEqual([]);
  });

  test('whatever pages has its children as warnings, so that a problem pages once', () => {
    for (const { rule } of alarms.compositeAlarms) {
      const children = [...rule.split(' AND (NOT ')[0]!.matchAll(/ALARM\("([^"]+)"\)/g)];
      expect(children.length).toBeGreaterThan(0);
      for (const [, child] of children) {
        expect(parseAlarmName(environment, child as string)?.severity).not.toBe('critical');
      }
    }
  });

  test('every check of the monitors is an alarm', () => {
    expect([...anchors]).toEqual(expect.arrayContaining([...CHECK_NAMES, ...SECRETS_CHECK_NAMES]));
  });

  test('an alarm is there where its metric is, and only there', () => {
    const config = configOf(environment);
    const { containerInsights, observability } = config.services;
    const there = (anchor: string) => anchors.has(anchor);
    for (const anchor of ['services-tasks-missing', 'services-deploying', 'services-quiet']) {
      expect([anchor, there(anchor)]).toEqual([anchor, containerInsights !== 'disabled']);
    }
    expect(there('services-collector-failing')).toBe(observability.enabled);
    expect(there('edge-blocked-requests')).toBe(config.edge.waf !== undefined);
    expect(there('edge-certificate-expiring')).toBe(config.domain !== undefined);
    expect(there('database-credits-low')).toBe(config.database.instanceClass.startsWith('t'));
    expect(there('cache-replication-lagging')).toBe(config.cache.replicas > 0);
    expect(there('recovery-replication-late')).toBe(config.disasterRecovery !== undefined);
    expect(there('backup-drill-failing')).toBe(config.backup.drill !== undefined);
    expect(there('backup-dump-task-failing')).toBe(config.backup.task !== undefined);
  });
});

test('every section of the runbook on an alarm has its alarm somewhere', () => {
  const anchors = new Set(
    all.flatMap(({ alarms }) =>
      [...alarms.metricAlarms, ...alarms.compositeAlarms].map(({ description }) => anchorIn(description)),
    ),
  );

  expect(alarmSections.filter((section) => !anchors.has(section))).toEqual(CONFIGURED_NOWHERE);
});

test.each(alarmSections)(
  '%s says what it means, how to look and mend, when it is mended and when not to',
  (anchor) => {
    expect(missingParts(sections.get(anchor) as string)).toEqual([]);
  },
);

test('the check of parts finds what a section lacks, and what stands in another order', () => {
  const whole = '**What it means.** a **Look.** b **Mend.** c **Mended when** d. **When not to.** e';

  expect(missingParts(whole)).toEqual([]);
  expect(missingParts(whole.replace('**Look.** b ', ''))).toEqual(['Look.']);
  expect(
    missingParts('**Look.** b **What it means.** a **Mend.** c **Mended when** d. **When not to.** e'),
  ).toEqual(['Look.']);
});

test('restoring comes first in the runbook', () => {
  expect([...sections.keys()][0]).toBe('restoring');
});

test('whatever is to page is an alarm in production', () => {
  const anchors = new Set(alarmsOf('prod').metricAlarms.map(({ description }) => anchorIn(description)));
  const named = [BACKUP_PAGES, SECRETS_PAGES].flatMap((pages) =>
    Object.values(pages).flatMap((page: { readonly anchors: readonly string[] }) => page.anchors),
  );

  expect(named.filter((anchor) => !anchors.has(anchor))).toEqual([]);
});
