import * as z from 'zod';
import { RetentionPolicy } from '../../../core/backup/retention/policy';
import { WholeNumber } from '../../shared/env';

/** What the replica vault's retention is told: the type of its construct's `environment` and its check at run time. */
export const DumpRetentionEnvironment = z.object({
  REPLICA_BUCKET: z.string().min(1),
  /** A `RetentionPolicy`, as JSON. */
  RETENTION_POLICY: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(RetentionPolicy),
  /** How old the newest dump may be before nothing is pruned any more. */
  FRESH_WITHIN_HOURS: WholeNumber,
});
