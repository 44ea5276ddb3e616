import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT_NAMES } from '../../lib/config';
import { CHECK_NAMES } from '../../core/backup/health/report';
import { SECRETS_CHECK_NAMES } from '../../core/secrets/status';
import { configOf, templatesOf } from './support/synthesis';

/** The anchors that a Markdown page's headings have on GitHub. */
function anchorsOf(markdown: string): Set<string> {
  return new Set(
    [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      (heading as string)
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

interface Alarm {
  readonly AlarmDescription: string;
  readonly EvaluationPeriods: number;
  /** Absent where the alarm is on an expression, whose parts then have one. */
  readonly Period?: number;
  readonly Metrics?: readonly {
    readonly Period?: number;
    readonly MetricStat?: { readonly Period: number };
  }[];
}

/** Seconds. */
function periodOf({ Period, Metrics = [] }: Alarm): number {
  const periods = Metrics.flatMap((metric) => metric.Period ?? metric.MetricStat?.Period ?? []);
  const period = Period ?? Math.max(...periods);
  if (!(period > 0)) throw new Error('an alarm has no period');
  return period;
}

const sections = anchorsOf(readFileSync(join(__dirname, '../../docs/runbook.md'), 'utf8'));

describe.each(ENVIRONMENT_NAMES)('%s', (environment) => {
  const { Backup, Secrets, Services, Recovery } = templatesOf(environment);
  const alarms = [Backup, Secrets, Services, ...(Recovery ? [Recovery] : [])].flatMap((template) =>
    Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties as Alarm,
    ),
  );

  test('every alarm sends its reader to a section that the runbook has', () => {
    const anchors = alarms.map(
      ({ AlarmDescription }) => /See docs\/runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1],
    );

    const ofTasks = configOf(environment).backup.task
      ? ['backup-drill-failing', 'backup-dump-task-failing']
      : [];
    const { containerInsights, observability } = configOf(environment).services;
    const { domain, edge } = configOf(environment);
    // Of the gateway and of the frontend.
    const ofBothServices = [
      'services-cpu-exhausted',
      'services-memory-exhausted',
      ...(containerInsights === 'disabled' ? [] : ['services-tasks-missing']),
      ...(observability.enabled ? ['services-collector-failing'] : []),
      'edge-no-healthy-host',
      'edge-slow',
      'edge-target-errors',
      'edge-unhealthy-hosts',
    ];
    expect(anchors.sort()).toEqual(
      [
        ...ofBothServices,
        ...ofBothServices,
        'edge-errors',
        'edge-rejected-connections',
        ...(edge.waf ? ['edge-blocked-requests'] : []),
        ...(domain ? ['edge-certificate-expiring'] : []),
        'services-deployment-failed',
        'services-failed-events',
        'services-migrate-failing',
        'services-migrate-answer-failing',
        'services-migrations-failing',
        ...CHECK_NAMES,
        ...ofTasks,
        'backup-dump-failing',
        'backup-dump-not-fingerprinted',
        'backup-dump-not-running',
        'backup-failed-events',
        'backup-monitor-failing',
        'backup-monitor-not-running',
        'backup-retention-failing',
        'backup-retention-not-running',
        'backup-snapshot-failing',
        'backup-snapshot-not-running',
        ...SECRETS_CHECK_NAMES,
        ...['bootstrap', 'pick-up', 'monitor'].map((name) => `secrets-${name}-failing`),
        ...['master', 'app', 'backup', 'jwt', 'data', 'cache'].map(
          (name) => `secrets-rotate-${name}-failing`,
        ),
        'secrets-failed-events',
        'secrets-monitor-not-running',
        'rotation-abandoned',
        'rotation-failed',
        ...(Recovery
          ? [
              'recovery-dump-retention-failing',
              'recovery-dump-retention-not-running',
              'recovery-failed-events',
              'recovery-replication-failed',
              'recovery-replication-late',
              'recovery-snapshot-copies-failing',
              'recovery-snapshot-copies-not-running',
            ]
          : []),
      ].sort(),
    );
    expect(anchors.filter((anchor) => !sections.has(anchor as string))).toEqual([]);
  });

  test('no alarm looks back further than the seven days that CloudWatch allows', () => {
    expect(alarms.filter((alarm) => alarm.EvaluationPeriods * periodOf(alarm) > 7 * 86_400)).toEqual([]);
  });
});
