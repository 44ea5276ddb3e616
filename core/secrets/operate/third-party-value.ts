import * as z from 'zod';
import { jsonOrUndefined } from '../../shared/json';
import { SecretValueRefusedError } from './errors';
import type { OperatedSecret } from './secret';

/** What people set, what it looks like, and where they find it. */
interface ThirdPartyValue {
  readonly schema: z.ZodType<string>;
  /** What is asked for. */
  readonly what: string;
  readonly whereToFind: string;
}

/** `https://<public key>@o123.ingest.de.sentry.io/456`. https://docs.sentry.io/concepts/key-terms/dsn-explainer/ */
const SentryDsn = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url?.protocol === 'https:' &&
    /^[0-9a-f]{32}$/i.test(url.username) &&
    url.password === '' &&
    /^(\/[\w-]+)*\/\d+$/.test(url.pathname) &&
    url.search === '' &&
    url.hash === ''
  );
});

/** An integration key of Events API v2. https://developer.pagerduty.com/docs/send-alert-event */
const PagerDutyRoutingKey = z.string().regex(/^[0-9A-Za-z]{32}$/);

/** Of a workspace and of a channel, as Amazon Q Developer in chat applications takes them. */
const SlackChannel = z.strictObject({
  workspaceId: z.string().regex(/^T[0-9A-Z]{8,14}$/),
  channelId: z.string().regex(/^[CG][0-9A-Z]{8,14}$/),
});

const VALUES: Partial<Record<OperatedSecret['name'], ThirdPartyValue>> = {
  'sentry-dsn': {
    schema: SentryDsn,
    what: 'a DSN such as https://<32 hex digits>@o123.ingest.de.sentry.io/456',
    whereToFind: 'Sentry: Settings, Projects, the project, Client Keys (DSN)',
  },
  pagerduty: {
    schema: PagerDutyRoutingKey,
    what: 'a routing key of 32 letters and digits',
    whereToFind: 'PagerDuty: the service, Integrations, Events API V2, Integration Key',
  },
  slack: {
    schema: z.string().refine((text) => SlackChannel.safeParse(jsonOrUndefined(text)).success),
    what: 'JSON such as {"workspaceId":"T0123ABCD","channelId":"C0123ABCD"}',
    whereToFind: "Slack: the workspace's address in a browser, and the channel's details, at the bottom",
  },
};

/**
 * What `golive secrets set` asks for.
 *
 * @throws SecretValueRefusedError when nobody may set it
 */
export function thirdPartyValue({ name, kind }: OperatedSecret): Omit<ThirdPartyValue, 'schema'> {
  const value = kind === 'set-by-people' ? VALUES[name] : undefined;
  if (value) return value;
  throw new SecretValueRefusedError(
    `"${name}" is made by its rotation function, and a value of somebody's own would lock its users out; golive secrets rotate ${name} makes a new one`,
  );
}

/**
 * The value without the line's end that a shell or an editor adds.
 *
 * @throws SecretValueRefusedError, which says what is expected and never what was given
 */
export function checkedThirdPartyValue(secret: OperatedSecret, given: string): string {
  const { what, whereToFind } = thirdPartyValue(secret);
  const parsed = VALUES[secret.name]!.schema.safeParse(given.trim());
  if (parsed.success) return parsed.data;
  throw new SecretValueRefusedError(
    `what was given for "${secret.name}" (${given.trim().length} characters) is not ${what}; copy it again from ${whereToFind}`,
  );
}
