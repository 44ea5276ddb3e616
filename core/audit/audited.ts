import type { AuditAction } from './record';
import { recordAudit, type Auditor } from './record-audit';

export interface AuditedAction {
  readonly action: AuditAction;
  readonly target: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Does something and leaves one record of it, whether it succeeds or fails. The caller gets what it returned, or
 * what it threw, unchanged: a record that cannot be written hides neither.
 *
 * A process that is killed leaves no record: what it did is told by the log of its run.
 *
 * @param run is given a function that adds details as they become known, such as the backup's id
 * @throws what `run` throws
 */
export async function audited<Result>(
  auditor: Auditor,
  { action, target, details = {} }: AuditedAction,
  run: (note: (more: Readonly<Record<string, unknown>>) => void) => Promise<Result>,
): Promise<Result> {
  const { now = () => new Date() } = auditor;
  const startedAt = now();
  const begun = performance.now();
  let known = details;
  const record = (failure?: { readonly error: unknown }) =>
    recordAudit(auditor, {
      action,
      target,
      startedAt,
      durationMilliseconds: performance.now() - begun,
      details: known,
      ...(failure && { failure }),
    });

  let result: Result;
  try {
    result = await run((more) => {
      known = { ...known, ...more };
    });
  } catch (error) {
    await record({ error });
    throw error;
  }
  await record();
  return result;
}
