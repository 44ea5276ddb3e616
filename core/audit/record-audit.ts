import { randomUUID } from 'node:crypto';
import { GoLiveError, saidBy } from '../shared/errors';
import { AuditRecord, type AuditAction, type CallerIdentity } from './record';
import type { AuditSink } from './sink';

/** What is the same for everything that one run does. */
export interface Auditor {
  /** Each gets every record, also when another one fails. */
  readonly sinks: readonly AuditSink[];
  readonly who: CallerIdentity;
  /** The environment's name, such as `prod`. */
  readonly environment: string;
  /** Lambda's request id, or what stands for it. */
  readonly requestId: string;
  readonly toolVersion: string;
  /** Takes secrets out of details and messages, such as `scrubValue`: the record can never be changed. */
  readonly scrub: (value: unknown) => unknown;
  /** Told of records that a sink did not take. */
  readonly onUnrecorded: (error: AuditNotRecordedError) => void;
  /** @default - the machine's */
  readonly now?: () => Date;
}

export interface AuditEntry {
  readonly action: AuditAction;
  readonly target: string;
  readonly startedAt: Date;
  readonly durationMilliseconds: number;
  /** What it failed with. @default it succeeded */
  readonly failure?: { readonly error: unknown };
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Something was done, or tried, and a record of it is missing. */
export class AuditNotRecordedError extends GoLiveError {
  readonly code = 'AuditNotRecordedError';
  override readonly retryable = true;

  constructor(
    /** Undefined when it could not even be made. */
    readonly record: AuditRecord | undefined,
    sink: string,
    cause: unknown,
  ) {
    const said = saidBy(cause);
    super(
      `${sink} did not take the audit record${record ? ` ${record.id} (${record.action} of ${record.target})` : ''}: ${said}; ` +
        'look for it on the log, and allow the role to put objects below audit/',
      { cause },
    );
  }
}

/**
 * Writes one record to every sink. What was done has been done, so a record that cannot be written does not fail
 * it: `onUnrecorded` is told, and the other sinks have it.
 *
 * @returns the record; undefined when it could not be made
 */
export async function recordAudit(auditor: Auditor, entry: AuditEntry): Promise<AuditRecord | undefined> {
  const unrecorded = (sink: string, cause: unknown, made?: AuditRecord): void =>
    auditor.onUnrecorded(new AuditNotRecordedError(made, sink, cause));
  let record: AuditRecord;
  try {
    record = makeRecord(auditor, entry);
  } catch (error) {
    unrecorded('the schema', error);
    return undefined;
  }
  await Promise.all(
    auditor.sinks.map(async (sink) => {
      try {
        await sink.write(record);
      } catch (error) {
        unrecorded(sink.name, error, record);
      }
    }),
  );
  return record;
}

function makeRecord(auditor: Auditor, entry: AuditEntry): AuditRecord {
  const { who, environment, requestId, toolVersion, scrub } = auditor;
  const { action, target, startedAt, durationMilliseconds, failure, details = {} } = entry;
  return AuditRecord.parse({
    auditVersion: 1,
    id: randomUUID(),
    who,
    action,
    target: scrub(target),
    environment,
    startedAt: startedAt.toISOString(),
    durationMilliseconds: Math.max(0, Math.round(durationMilliseconds)),
    outcome: failure ? 'failed' : 'succeeded',
    ...(failure && { error: { code: codeOf(failure.error), message: scrub(messageOf(failure.error)) } }),
    requestId,
    toolVersion,
    details: asJson(scrub(details)),
  });
}

/** What a record can hold: dates become text, functions and what is undefined fall away. */
function asJson(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_name, item: unknown) => (typeof item === 'bigint' ? String(item) : item)),
  );
}

/** Our own code, the name that AWS gives, or PostgreSQL's SQLSTATE. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UnknownError';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code !== '' ? code : error.name || 'Error';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
