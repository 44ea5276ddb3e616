/** What a job tells the cron monitor of its schedule. */
export interface CheckIn {
  /** A UUID. Those of one run are the same; a run that is tried again is another one. */
  readonly id: string;
  /** `golive-prod-backup-dump`, as `monitorSlug` makes it. */
  readonly monitorSlug: string;
  readonly status: 'in_progress' | 'ok' | 'error';
  /** How long the run took, seconds. Sentry looks at it when the run has ended. */
  readonly durationSeconds?: number;
  readonly environment: string;
}

/** One POST. The DSN's key is in its headers, so neither may be logged. */
export interface CheckInRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The envelope that brings a check-in to Sentry: three lines of JSON, which need no SDK.
 * https://develop.sentry.dev/sdk/telemetry/check-ins/ and https://develop.sentry.dev/sdk/foundations/transport/envelopes/
 *
 * @param dsn one that `dsnInSecret` let through
 */
export function checkInRequest(dsn: string, checkIn: CheckIn, now = new Date()): CheckInRequest {
  const { protocol, host, username, pathname } = new URL(dsn);
  // What stands before the project's number is the path of a Sentry of one's own.
  const slash = pathname.lastIndexOf('/');
  const item = {
    check_in_id: checkIn.id.replaceAll('-', ''),
    monitor_slug: checkIn.monitorSlug,
    status: checkIn.status,
    ...(checkIn.durationSeconds !== undefined && { duration: checkIn.durationSeconds }),
    environment: checkIn.environment,
  };
  return {
    url: new URL(
      `${protocol}//${host}${pathname.slice(0, slash)}/api/${pathname.slice(slash + 1)}/envelope/`,
    ),
    headers: {
      'content-type': 'application/x-sentry-envelope',
      'x-sentry-auth': `Sentry sentry_version=7, sentry_client=golive/1, sentry_key=${username}`,
    },
    body: [{ sent_at: now.toISOString() }, { type: 'check_in' }, item]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  };
}
