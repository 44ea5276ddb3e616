import { Duration, Stack, Stage } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { Template } from 'aws-cdk-lib/assertions';
import { desiredCronMonitors } from '../../../core/sentry/desired/monitors';
import { SentryOperations } from '../../../core/sentry';
import { LONGEST_SLUG, monitorSlug } from '../../../core/sentry/owned';
import { rememberJob, scheduledJobsOf } from '../../../lib/shared/scheduled-jobs';
import { CronMonitorBody } from '../../support/sentry-api/schemas';
import { configOf, makeApp, type Templates, templatesFor, templatesOf } from '../support/synthesis';

interface Scheduled {
  readonly id: string;
  readonly expression: string;
}

/** Everything in a template that runs by a schedule, whoever runs it. */
function schedulesIn(template: Template): Scheduled[] {
  const { Resources = {} } = template.toJSON() as {
    Resources?: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  };
  return Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const rotation = (Properties['RotationRules'] as { ScheduleExpression?: string } | undefined)
      ?.ScheduleExpression;
    const expression = {
      'AWS::Events::Rule': Properties['ScheduleExpression'],
      'AWS::Scheduler::Schedule': Properties['ScheduleExpression'],
      'AWS::SecretsManager::RotationSchedule': rotation,
    }[Type];
    return typeof expression === 'string' ? [{ id, expression }] : [];
  });
}

/** The monitors that the functions of a template report to, and the tasks that its rules run. */
function slugsIn(template: Template): string[] {
  return [...slugsOfFunctions(template), ...slugsOfTasks(template)];
}

/** Whatever the rule: an event other than a schedule's must not report to a monitor of one. */
function slugsOfTasks(template: Template): string[] {
  return [
    ...JSON.stringify(template.findResources('AWS::Events::Rule')).matchAll(
      /\\"--check-in\\",\\"([^"\\]+)\\"/g,
    ),
  ].map(([, slug]) => slug as string);
}

function slugsOfFunctions(template: Template): string[] {
  return Object.values(template.findResources('AWS::Lambda::Function')).flatMap((resource) => {
    const { Environment } = resource['Properties'] as {
      Environment?: { Variables: { SENTRY_MONITOR_SLUG?: string } };
    };
    return Environment?.Variables.SENTRY_MONITOR_SLUG ?? [];
  });
}

/** `cron(0 2 * * ? *)` as crontab: `0 2 * * *`. */
const asCrontab = (expression: string) =>
  expression.slice('cron('.length, -1).split(' ').slice(0, 5).join(' ').replaceAll('?', '*');

const sentryOf = ({ Alerting }: Templates): SentryOperations => {
  const parameters = Alerting.findResources('AWS::SSM::Parameter', {
    Properties: { Name: '/golive/prod/sentry' },
  });
  const [{ Properties }] = Object.values(parameters) as [{ Properties: { Value: string } }];
  expect(Properties.Value.length).toBeLessThan(4096);
  return SentryOperations.parse(JSON.parse(Properties.Value));
};

/** The monitors that are there. */
const monitored = (operations: SentryOperations) =>
  desiredCronMonitors(operations, { id: '11', slug: 'golive' })
    .map(({ key }) => key)
    .sort();

/** Those that somebody reports to. */
const reporting = (templates: Templates) =>
  Object.values(templates)
    .flatMap((template) => (template ? slugsIn(template) : []))
    .sort();

describe('production', () => {
  const templates = templatesOf('prod');
  const operations = sentryOf(templates);
  const schedules = Object.values(templates).flatMap((template) => (template ? schedulesIn(template) : []));

  test('has a cron monitor for every schedule of every stack, at its times', () => {
    expect(schedules.length).toBeGreaterThan(12);
    expect(operations.jobs.map(({ crontab }) => crontab).sort()).toEqual(
      schedules.map(({ expression }) => asCrontab(expression)).sort(),
    );
  });

  test('has a function or a task for every monitor, and none for a monitor that is not there', () => {
    expect(reporting(templates)).toEqual(monitored(operations));
    expect(slugsOfTasks(templates.Backup)).toEqual(['golive-prod-backup-drill']);
  });

  test('knows each by its own name', () => {
    const labels = operations.jobs.map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(labels).toEqual(
      expect.arrayContaining([
        'backup-drill',
        'backup-dump',
        'backup-monitor',
        'backup-retention',
        'backup-snapshot',
        'recovery-dump-retention',
        'recovery-snapshot-copies',
        'secrets-monitor',
        'secrets-rotate-app',
        'secrets-rotate-backup',
        'secrets-rotate-cache',
        'secrets-rotate-data',
        'secrets-rotate-jwt',
        'secrets-rotate-master',
      ]),
    );
  });

  test('asks of Sentry what Sentry takes', () => {
    for (const { name, key, fields } of desiredCronMonitors(operations, { id: '11', slug: 'golive' })) {
      expect(CronMonitorBody.safeParse({ name, slug: key, ...fields }).error).toBeUndefined();
    }
    const longest = 'e'.repeat(16);
    for (const { label } of operations.jobs)
      expect(monitorSlug(longest, label).length).toBeLessThanOrEqual(LONGEST_SLUG);
  });

  test('gives a rotation its window, and a task its time', () => {
    const job = (wanted: string) => operations.jobs.find(({ label }) => label === wanted);
    expect(job('secrets-rotate-data')).toMatchObject({
      crontab: '0 12 * JAN,APR,JUL,OCT TUE#1',
      marginMinutes: 60,
    });
    expect(job('backup-drill')).toMatchObject({ crontab: '0 5 * * SAT', longestRunMinutes: 360 });
    expect(job('backup-snapshot')).toMatchObject({ crontab: '30 1,7,13,19 * * *', longestRunMinutes: 15 });
  });

  test('is asked at its domain', () => {
    expect(operations.origin).toBe('https://golive.example');
  });
});

test('production whose dumps are all the task’s has a task that reports them, and no function', () => {
  const { backup, ...config } = configOf('prod');
  const templates = templatesFor({
    ...config,
    backup: { ...backup, dump: { ...backup.dump, runner: 'task' } },
  });
  expect(reporting(templates)).toEqual(monitored(sentryOf(templates)));
  expect(slugsOfTasks(templates.Backup).sort()).toEqual([
    'golive-prod-backup-drill',
    'golive-prod-backup-dump-task',
  ]);
  expect(slugsOfFunctions(templates.Backup)).not.toContain('golive-prod-backup-dump');
});

test('an environment without rules has no parameter of them, and nothing reports', () => {
  const { Alerting, ...others } = templatesOf('staging');
  expect(configOf('staging').backup.drill).toBeDefined();
  for (const template of [Alerting, ...Object.values(others)])
    expect(template ? slugsIn(template) : []).toEqual([]);
  expect(
    Alerting.findResources('AWS::SSM::Parameter', { Properties: { Name: '/golive/staging/sentry' } }),
  ).toEqual({});
});

test('a schedule that nobody remembers is missed by the comparison above', () => {
  const stack = new Stack(new Stage(makeApp(), 'stage'), 'Stack');
  new Rule(stack, 'Forgotten', { schedule: Schedule.cron({ minute: '7', hour: '3' }) });
  const known = new Rule(stack, 'Known', { schedule: Schedule.cron({ minute: '8', hour: '4' }) });
  rememberJob(known, {
    label: 'known',
    schedule: { minute: '8', hour: '4' },
    longestRun: Duration.seconds(61),
  });
  expect(schedulesIn(Template.fromStack(stack)).map(({ expression }) => asCrontab(expression))).toEqual([
    '7 3 * * *',
    '8 4 * * *',
  ]);
  expect(scheduledJobsOf(stack)).toEqual([
    { label: 'known', crontab: '8 4 * * *', marginMinutes: 10, longestRunMinutes: 2 },
  ]);
});
