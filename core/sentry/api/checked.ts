import type * as z from 'zod';
import { SentryAnswerError } from './errors';

/**
 * What Sentry answered, as it is documented.
 *
 * @param called for the error's message: `GET /organizations/my-company/workflows/`
 * @throws SentryAnswerError
 */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  called: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`);
  throw new SentryAnswerError(
    `Sentry answered ${called} otherwise than it is documented (${problems.join('; ')}): it may have changed; tell who looks after GoLive`,
  );
}
