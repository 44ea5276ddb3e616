import { hostname } from 'node:os';
import Table from 'cli-table3';
import {
  formatPlan,
  planAsJson,
  requireComplete,
  runRetention,
  type RetentionReport,
} from '../core/backup/retention';
import { counted } from '../core/shared/units';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';

export interface BackupPruneOptions {
  /** Only shows the plan. */
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * `golive backup prune`: what the retention function does every day, by its policy.
 *
 * @throws NotConfirmedError, RetentionIncompleteError, LeaseHeldError, and what the survey throws
 */
export async function backupPrune(
  environment: Environment,
  output: Console,
  options: BackupPruneOptions,
  signal: AbortSignal,
): Promise<void> {
  const { s3, rds, operations } = environment;
  output.progress('reading every backup, and how far it is proven');
  const run = (dryRun: boolean) =>
    runRetention({
      s3,
      rds,
      bucket: operations.vaultBucket,
      policy: operations.retention,
      expectedEveryHours: operations.dumpExpectedEveryHours,
      dryRun,
      holder: `golive backup prune on ${hostname()}`,
      log: { warn: (message) => output.say(message) },
      signal,
    });
  const planned = await run(true);
  const { length: expired } = planned.survey.plan.prune;
  if (options.dryRun || expired === 0) {
    return output.result(planForPeople(planned), asJson(planned, true));
  }
  output.say(planForPeople(planned));
  await requireYes(output, options, `Prune ${counted(expired, 'backup')}?`);
  output.progress('pruning');
  const target = `dumps in ${operations.vaultBucket}`;
  await recorded(environment, output, 'backup.prune', target, async (note) => {
    const report = await run(false);
    const pruned = report.pruned.dumps
      .filter(({ outcome }) => outcome === 'pruned')
      .map(({ database, backupId }) => `${database}/${backupId}`);
    note({ pruned });
    output.result(
      `${counted(pruned.length, 'backup')} pruned; their bytes stay for as long as the vault keeps deleted versions`,
      asJson(report, false),
    );
    requireComplete(report);
  });
}

function planForPeople({ survey, pruned }: RetentionReport): string {
  const { header, rows, summary } = formatPlan(survey.plan);
  const table = new Table({ head: [...header], style: { head: [], border: [] }, wordWrap: true });
  for (const row of rows) table.push([...row]);
  const lines = [table.toString(), summary];
  if (survey.lastRun !== 'succeeded') {
    lines.push(
      'the last dump did not succeed as far as the vault tells, so nothing is pruned until one does',
    );
  }
  const { orphans, uploads } = pruned.debris;
  if (orphans.length + uploads.length > 0) {
    lines.push(
      `left by runs that died, and swept up: ${counted(orphans.length, 'object')}, ${counted(uploads.length, 'upload')}`,
    );
  }
  return lines.join('\n');
}

function asJson({ survey, pruned }: RetentionReport, dryRun: boolean) {
  return {
    dryRun,
    lastRun: survey.lastRun,
    plan: planAsJson(survey.plan),
    dumps: pruned.dumps,
    swept: pruned.debris,
    complete: pruned.complete,
  };
}
