import Table from 'cli-table3';
import { checkHealth, putHealth, type Check, type HealthReport } from '../core/backup/health';
import type { Console } from './console';
import type { Environment } from './environment';
import { UnhealthyError } from './errors';

export interface MonitorOptions {
  /** Leaves the report in the vault, as the monitor function does. */
  readonly write?: boolean;
}

/**
 * `golive monitor`: the seven questions, asked now.
 *
 * @throws UnhealthyError when a check is not ok; CatalogueUnavailableError
 */
export async function monitor(
  { s3, rds, operations, clientsIn }: Environment,
  output: Console,
  { write = false }: MonitorOptions,
): Promise<void> {
  output.progress('reading the vault and RDS');
  const report = await checkHealth({ s3, rds, operations, clientsIn });
  if (write) await putHealth(s3, operations.vaultBucket, report);
  output.result(forPeople(report, output), report);
  if (report.status !== 'ok') {
    const named = report.checks
      .filter(({ status }) => status !== 'ok')
      .map(({ name, status }) => `${name} (${status})`);
    throw new UnhealthyError(
      report.status,
      `the backups of ${report.environment} are not in order: ${named.join(', ')}`,
    );
  }
}

function forPeople({ environment, checks }: HealthReport, { colours }: Console): string {
  const colour: Record<Check['status'], (text: string) => string> = {
    ok: colours.green,
    warning: colours.yellow,
    'not-run': colours.yellow,
    critical: colours.red,
  };
  const table = new Table({
    head: ['check', 'result', 'figure', 'limit', 'detail'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, null, 24, 30, 50],
  });
  for (const { name, status, figure, limit, detail } of checks) {
    table.push([name, colour[status](status), figure, limit, detail]);
  }
  const open = checks.filter(({ status }) => status !== 'ok').map(({ runbook }) => runbook);
  return `${table.toString()}\n${open.length === 0 ? `the backups of ${environment} are in order` : `what to do:  ${open.join('  ')}`}`;
}
