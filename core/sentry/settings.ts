import * as z from 'zod';

const Slug = z
  .string()
  .regex(
    /^(?!\d+$)[a-z0-9][a-z0-9_-]{0,99}$/,
    'a slug as it stands in Sentry’s addresses, such as "my-company"',
  );

/** Sentry's number of something, which its API writes as text. */
const Id = z.string().regex(/^\d{1,20}$/, 'a number as text, as Sentry’s API tells it');

/**
 * `{organization}.sentry.io` is not it: the API of an organisation in the European Union is at `https://de.sentry.io`.
 * Plain HTTP only to this machine, for the token goes there.
 */
const Url = z
  .string()
  .regex(
    /^(https:\/\/[a-z0-9.-]+|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/,
    'an address without a path, such as "https://sentry.io", "https://de.sentry.io" or that of your own Sentry',
  );

const Percent = z.int().min(1).max(100_000);
const Count = z.int().min(1).max(1_000_000);

/** Where the rules' numbers lie. */
const Limits = z.strictObject({
  /** More events than that of one issue in an hour page. */
  issueEventsPerHour: Count.default(100),
  /** So many people who meet one issue in an hour page. */
  issueUsersPerHour: Count.default(50),
  /** An issue that grows by so much against the same hour of last week is said. */
  risePercent: Percent.default(100),
  /** More refused logins or tokens of one kind than that in five minutes page. */
  credentialFailuresPer5Minutes: Count.default(20),
  /** Errors of the project in an hour: more than `high` and more than `medium` make an issue, `medium` and fewer end it. */
  errorsPerHour: z.strictObject({ high: Count.default(100), medium: Count.default(50) }).prefault({}),
});

/**
 * What Sentry is to do for an environment: whom its rules tell, and what it never stores. `golive sentry apply` makes
 * it so. It holds no secret.
 */
export const SentryRules = z.strictObject({
  url: Url.default('https://sentry.io'),
  organization: Slug,
  /** Where the environment's events go. Monitors belong to the first, which is that of the DSN. */
  projects: z.array(Slug).min(1).max(10),
  /** Sentry's number of the team that owns the monitors. @default nobody does */
  teamId: Id.optional(),
  /** Who is paged. @default nobody, and the rules that page are left out */
  pagerDuty: z
    .strictObject({
      /** Of the integration: `GET /api/0/organizations/{organization}/integrations/?providerKey=pagerduty`. */
      integrationId: Id,
      /** Of the service in that answer, under `configData.service_table`, with its name. */
      serviceId: Id,
      serviceName: z.string().min(1).max(255),
    })
    .optional(),
  /** Where the rest is said. @default nowhere, and those rules are left out */
  slack: z
    .strictObject({
      integrationId: Id,
      /** `#golive-errors` */
      channel: z.string().regex(/^#[^\s#@,]{1,80}$/, 'a channel such as "#golive-errors"'),
      /** As Slack shows it at the end of "About" of the channel: it stays when the channel is renamed. */
      channelId: z.string().regex(/^[CG][A-Z0-9]{6,14}$/, 'a channel’s id such as "C024BE91L"'),
    })
    .optional(),
  limits: Limits.prefault({}),
  /**
   * Whether spans reach Sentry. OpenTelemetry owns tracing here, so they do not unless its exporter was told to; without
   * them a monitor of their durations would watch nothing, and is left out.
   */
  spans: z.boolean().default(false),
  /** Which addresses Sentry asks from outside. @default none where the environment has no domain */
  uptime: z
    .strictObject({
      /** Below the environment's domain, each with the name of its monitor. */
      paths: z
        .array(
          z.strictObject({
            name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'a name such as "frontend"'),
            path: z.string().regex(/^\/[^\s?#]{0,200}$/, 'a path such as "/health/ready"'),
          }),
        )
        .default([{ name: 'frontend', path: '/health/ready' }]),
      /** Sentry's choices. */
      intervalSeconds: z.literal([60, 300, 600, 1200, 1800, 3600]).default(60),
      timeoutMs: z.int().min(1000).max(60_000).default(10_000),
    })
    .prefault({}),
  /** What Sentry takes out before it stores an event. What leaves us is scrubbed already: this is the second net. */
  scrubbing: z
    .strictObject({
      /**
       * Beside Sentry's own list. Sentry removes each text that contains such a word, too, so a common word would remove
       * messages. https://docs.sentry.io/security-legal-pii/scrubbing/server-side-scrubbing/
       */
      sensitiveFields: z
        .array(z.string().regex(/^[a-z0-9_-]{3,60}$/, 'a field’s name in small letters'))
        .max(50)
        .default(['passphrase', 'passcode', 'connection_string', 'connectionstring', 'access_key']),
      ipAddresses: z.boolean().default(true),
      /** Whether the organisation's settings are set as well. They hold for everybody's projects. */
      organization: z.boolean().default(false),
    })
    .prefault({}),
});

export type SentryRules = z.output<typeof SentryRules>;
