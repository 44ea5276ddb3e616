import type { SecretOperations } from '../operations';

/** What must be known of a secret to operate it. No value. */
export type OperatedSecret = Pick<SecretOperations, 'name' | 'arn' | 'kind' | 'functionLabel'>;

/** The sections of the runbook that an error sends its reader to. */
export const RUNBOOK = {
  failed: 'docs/runbook.md#a-rotation-failed',
  rollback: 'docs/runbook.md#rolling-a-secret-back',
} as const;

/** Kinds whose value is a login of PostgreSQL. */
export function isDatabaseUser({ kind }: Pick<OperatedSecret, 'kind'>): boolean {
  return kind === 'alternating-user' || kind === 'single-user';
}
