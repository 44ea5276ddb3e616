import { kit } from './kit';

export interface ErrorContext {
  /** The part that failed: `database`, `cache`, `auth`, … */
  readonly component: string;
  /** What to find the error by. Only the names in {@link TAGS} leave the process. */
  readonly tags?: Readonly<Record<string, string | undefined>> | undefined;
  /** @default error */
  readonly level?: 'error' | 'fatal' | undefined;
}

/** The names under which an error can be found in Sentry. A rule of an alert may rely on each. */
export const TAGS: readonly string[] = [
  'service',
  'component',
  'code',
  'route',
  'method',
  'status',
  'auth.failure',
  'db.auth',
];

/**
 * Reports an error to Sentry, if there is a DSN, with the current trace and user, and marks the current span as failed.
 * Returns at once and never throws. The same error is reported once, however often it passes.
 */
export function captureError(error: unknown, { component, tags = {}, level = 'error' }: ErrorContext): void {
  const { tracing, reporter } = kit;
  tracing?.recordError(error);
  if (reporter === undefined) return;
  const code = codeOf(error);
  reporter.report({
    error,
    level,
    tags: allowedTags({ ...(code !== undefined && { code }), ...tags, component }),
    user: kit.scope()?.user,
    trace: tracing?.identity(),
  });
}

/** Says whose request this is, for the errors of this request alone: an id, never an e-mail address. */
export function setUser({ id }: { readonly id: string }): void {
  const scope = kit.scope();
  if (scope !== undefined) scope.user = id;
}

function allowedTags(tags: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const allowed = Object.entries(tags).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && TAGS.includes(entry[0]),
  );
  return Object.fromEntries(allowed);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
