import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { JudgedError, saidBy } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { type AlarmIdentity, parseAlarmName } from './alarm-name';
import { anchorIn } from './alarm-description';

/** CloudWatch did not say how alarms are. */
export class AlarmsUnreadableError extends JudgedError {
  readonly code = 'AlarmsUnreadableError';
}

export type AlarmStateValue = 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';

/** An alarm of ours, as CloudWatch has it. Times are UTC, ISO 8601. */
export interface AlarmNow extends AlarmIdentity {
  readonly name: string;
  readonly region: string;
  readonly state: AlarmStateValue;
  /** Since when it is in this state. */
  readonly since: string;
  /** What is wrong, and the section of the runbook. */
  readonly description: string;
  /** Why it is in this state, in CloudWatch's words. */
  readonly reason: string;
  /** It sounds, and nobody is told: another alarm, such as that of a deployment, keeps it quiet. */
  readonly isSuppressed: boolean;
}

/** Credentials and signatures are those of the AWS SDK, lent by one of its clients. */
export type Signing = Pick<SFNClient['config'], 'signer' | 'region'>;

export interface DescribeAlarmsRequest {
  readonly environment: string;
  readonly signing: Signing;
  /** @default that of the client */
  readonly region?: string | undefined;
  /** Of an emulator. @default CloudWatch's own in the region */
  readonly endpoint?: string | undefined;
  /** Between two attempts. @default one second, then two */
  readonly pauseMs?: number;
}

const AlarmShape = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().default(''),
  StateValue: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  StateReason: z.string().default(''),
  /** Seconds since 1970. */
  StateUpdatedTimestamp: z.number(),
  StateTransitionedTimestamp: z.number().optional(),
  ActionsSuppressedBy: z.string().optional(),
});

const Page = z.object({
  MetricAlarms: z.array(AlarmShape).default([]),
  CompositeAlarms: z.array(AlarmShape).default([]),
  NextToken: z.string().nullish(),
});

const ATTEMPTS = 3;
const TIMEOUT_MS = 20_000;

/**
 * Every alarm of an environment in one region, metric alarms and composite ones. CloudWatch is asked without a client of its
 * own, by its JSON protocol, which is one request.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 *
 * @throws AlarmsUnreadableError
 */
export async function describeAlarms(request: DescribeAlarmsRequest): Promise<AlarmNow[]> {
  const region = request.region ?? (await request.signing.region());
  const alarms: AlarmNow[] = [];
  let token: string | null | undefined;
  do {
    const page = await describePage(request, region, token ?? undefined);
    for (const alarm of [...page.MetricAlarms, ...page.CompositeAlarms]) {
      const identity = parseAlarmName(request.environment, alarm.AlarmName);
      if (identity) alarms.push(alarmNow(alarm, identity, region));
    }
    token = page.NextToken;
  } while (token);
  return alarms;
}

function alarmNow(alarm: z.output<typeof AlarmShape>, identity: AlarmIdentity, region: string): AlarmNow {
  return {
    ...identity,
    anchor: anchorIn(alarm.AlarmDescription) ?? identity.anchor,
    name: alarm.AlarmName,
    region,
    state: alarm.StateValue,
    since: new Date(1000 * (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp)).toISOString(),
    description: alarm.AlarmDescription,
    reason: alarm.StateReason,
    isSuppressed: alarm.ActionsSuppressedBy !== undefined,
  };
}

async function describePage(
  request: DescribeAlarmsRequest,
  region: string,
  token: string | undefined,
): Promise<z.output<typeof Page>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(request, region, token);
    } catch (error) {
      const unreadable = error instanceof AlarmsUnreadableError ? error : noAnswer(region, error);
      if (!unreadable.retryable || attempt === ATTEMPTS) throw unreadable;
      await new Promise((resolve) => setTimeout(resolve, attempt * (request.pauseMs ?? 1000)));
    }
  }
}

async function ask(
  { environment, signing, endpoint }: DescribeAlarmsRequest,
  region: string,
  token: string | undefined,
): Promise<z.output<typeof Page>> {
  const url = new URL(endpoint ?? `https://monitoring.${region}.amazonaws.com`);
  const body = JSON.stringify({
    AlarmNamePrefix: `golive-${environment}-`,
    AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    MaxRecords: 100,
    ...(token !== undefined && { NextToken: token }),
  });
  const signer = await signing.signer({
    name: 'sigv4',
    signingName: 'monitoring',
    signingRegion: region,
    properties: {},
  });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    path: '/',
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.DescribeAlarms',
    },
    body,
  });
  const headers = { ...signed.headers };
  delete headers['host']; // fetch says it itself
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw refused(region, response.status, text);
  const page = Page.safeParse(jsonOrUndefined(text));
  if (page.success) return page.data;
  throw new AlarmsUnreadableError(
    `CloudWatch in ${region} answered in a form that is not known: use a newer golive`,
    { retryable: false, cause: page.error },
  );
}

function refused(region: string, status: number, text: string): AlarmsUnreadableError {
  const said = jsonOrUndefined(text) as { __type?: string; message?: string; Message?: string } | undefined;
  const code = said?.__type?.split('#').at(-1) ?? `HTTP ${status}`;
  const retryable = status >= 500 || /Throttl|LimitExceeded|RequestExpired/.test(code);
  const advice = retryable
    ? 'try again in a minute'
    : 'sign in (aws sso login), set AWS_REGION, or ask for cloudwatch:DescribeAlarms';
  return new AlarmsUnreadableError(
    `CloudWatch in ${region} refused to say how alarms are: ${code}: ${said?.message ?? said?.Message ?? ''}; ${advice}`,
    { retryable },
  );
}

function noAnswer(region: string, error: unknown): AlarmsUnreadableError {
  // Without credentials the SDK has nothing to sign with, and asking again does not help.
  const isCredentials = (error as Error | undefined)?.name === 'CredentialsProviderError';
  return new AlarmsUnreadableError(
    `CloudWatch in ${region} could not be asked: ${saidBy(error)}; ${isCredentials ? 'sign in (aws sso login)' : 'look at your network, and try again'}`,
    { retryable: !isCredentials, cause: error },
  );
}
