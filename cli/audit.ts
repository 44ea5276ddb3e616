import { randomUUID } from 'node:crypto';
import Table from 'cli-table3';
import {
  audited,
  listAudit,
  vaultSink,
  type AuditAction,
  type Auditor,
  type AuditListing,
} from '../core/audit';
import { scrubValue } from '../core/observability/scrub';
import { counted, duration } from '../core/shared/units';
import type { Console } from './console';
import type { Environment } from './environment';
import { version as toolVersion } from '../package.json';
import { UsageError } from './errors';

/** Does something and leaves one record of it in the vault, whether it succeeds, fails or is stopped. */
export async function recorded<T>(
  environment: Environment,
  output: Console,
  action: AuditAction,
  target: string,
  run: (note: (more: Readonly<Record<string, unknown>>) => void) => Promise<T>,
): Promise<T> {
  const { s3, operations } = environment;
  const auditor: Auditor = {
    sinks: [vaultSink(s3, operations.vaultBucket), ...output.auditSinks()],
    who: await environment.caller(),
    environment: operations.environment,
    requestId: randomUUID(),
    toolVersion,
    scrub: scrubValue,
    onUnrecorded: ({ message }) => output.say(message),
  };
  return await audited(auditor, { action, target }, run);
}

export interface AuditOptions {
  readonly since: string;
  readonly action?: string;
}

/** `golive audit` */
export async function audit(
  { s3, operations }: Environment,
  output: Console,
  { since, action }: AuditOptions,
  now: Date,
): Promise<void> {
  const listings: AuditListing[] = [];
  output.progress('reading the audit records');
  const span = { since: instantOf(since, now), action };
  for await (const listing of listAudit({ s3, bucket: operations.vaultBucket, ...span }))
    listings.push(listing);
  output.result(
    listings.length === 0
      ? `nothing is on record since ${span.since.toISOString()}`
      : tableOf(listings, output),
    listings,
  );
}

/**
 * `7d`, `12h`, or an instant of ISO 8601.
 *
 * @throws UsageError
 */
export function instantOf(text: string, now: Date): Date {
  const [, amount, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? [];
  if (amount !== undefined)
    return new Date(now.getTime() - Number(amount) * (unit === 'd' ? 86_400_000 : 3_600_000));
  const instant = new Date(text);
  if (!Number.isNaN(instant.getTime()) && /^\d{4}-\d{2}-\d{2}/.test(text)) return instant;
  throw new UsageError(
    `--since takes a span such as 7d or 12h, or an instant such as 2026-11-23T02:00:00Z, and got "${text}"`,
  );
}

function tableOf(listings: readonly AuditListing[], { colours }: Console): string {
  const table = new Table({
    head: ['when (UTC)', 'who', 'what', 'to what', 'result', 'took'],
    style: { head: [], border: [] },
  });
  for (const listing of listings) {
    if ('unreadable' in listing) {
      table.push([{ colSpan: 6, content: colours.red(`${listing.key}: ${listing.unreadable}`) }]);
      continue;
    }
    const { startedAt, who, action, target, outcome, error, durationMilliseconds } = listing.record;
    table.push([
      startedAt.replace(/\.\d+Z$/, ''),
      who.arn.split(/[/:]/).slice(-2).join('/'),
      action,
      target,
      outcome === 'succeeded' ? outcome : colours.red(`failed: ${error?.code ?? 'unknown'}`),
      duration(durationMilliseconds),
    ]);
  }
  return `${table.toString()}\n${counted(listings.length, 'record')}`;
}
