import { runDrill } from '../../core/backup/drill';
import { systemClock } from '../../core/backup/snapshot/clock';
import { readHealth } from '../../core/backup/health';
import { readOperations } from '../../core/backup/read-operations';
import { scrubText } from '../../core/observability/scrub';
import { duration } from '../../core/shared/units';
import type { LocalPlatform } from '../platform';
import { Unexpected, type Outcome, type Progress } from './steps';
import { requireSuccess } from './vault';

/**
 * Practises a restore as `golive drill` does: the newest dump into a server of its own, proven and timed.
 *
 * @throws Unexpected when the drill does not pass
 */
export async function drill(
  platform: LocalPlatform,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  const { s3, rds, ssm } = platform.clients;
  const operations = await readOperations(ssm, 'local');
  const record = await runDrill({
    s3,
    rds,
    bucket: operations.vaultBucket,
    environment: operations.environment,
    instanceIdentifier: operations.instanceIdentifier,
    dbiResourceId: operations.dbiResourceId,
    database: operations.databaseName,
    who: { account: 'local', arn: 'arn:aws:iam::local:demo', userId: 'demo' },
    live: () => Promise.resolve(platform.database.master),
    path: `${platform.database.binFolder}:${process.env['PATH'] ?? ''}`,
    clock: systemClock,
    scrub: scrubText,
    signal,
    onProgress: (step) => {
      if (step.state === 'began') progress(step.stage);
    },
  });
  const { verdict, dump, recoverySeconds, extrapolatedSeconds, formula } = record;
  if (verdict !== 'passed') {
    throw new Unexpected(`the drill ended as ${verdict}`, [dump.error?.message ?? 'no reason was given']);
  }
  return {
    result: `the newest dump came back in ${duration((recoverySeconds ?? 0) * 1000)} on a server of its own, and is what was dumped`,
    details: [
      dump.stages.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', '),
      `at the live database's size ${duration((extrapolatedSeconds ?? 0) * 1000)}: ${formula}`,
    ],
    value: undefined,
  };
}

/**
 * Fires the hourly monitor, and reads what it left for people.
 *
 * @throws Unexpected when a check is not in order
 */
export async function watch(platform: LocalPlatform): Promise<Outcome> {
  requireSuccess('the monitor', await platform.fire('Backup/MonitorJob'));
  const { vaultBucket } = await readOperations(platform.clients.ssm, 'local');
  const report = await readHealth(platform.clients.s3, vaultBucket);
  if (report?.status !== 'ok') {
    throw new Unexpected(
      `the backups are not in order: ${report?.status ?? 'there is no report'}`,
      report?.checks
        .filter(({ status }) => status !== 'ok')
        .map(({ name, status, detail }) => `${name} is ${status}: ${detail}`) ?? [],
    );
  }
  return {
    result: `${report.checks.length} of ${report.checks.length} checks are ok`,
    details: report.checks.map(({ name, figure, limit }) => `${name}: ${figure} (${limit})`),
    value: undefined,
  };
}
