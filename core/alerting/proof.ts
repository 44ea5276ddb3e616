import * as z from 'zod';
import { SEVERITIES, type Severity } from './alarm-name';
import { NoRouteError } from './errors';
import type { AlertingOperations, AlertingRoute, Channel } from './operations';
import { testAlarmName } from './test-alarm';

/** A metric that the proof reads, as GetMetricData takes it. */
export interface ProofQuery {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
    };
    /** Seconds. */
    readonly Period: number;
    readonly Stat: 'Sum';
  };
}

/** What the state machine is given. */
export interface ProofInput {
  readonly severity: Severity;
  readonly alarmName: string;
  readonly deadLetterQueueUrl: string;
  readonly queries: readonly ProofQuery[];
}

/** What EventBridge and SNS count, by what it says of a hop. */
const COUNTED = {
  rule: {
    matched: 'MatchedEvents',
    delivered: 'SuccessfulInvocationAttempts',
    retried: 'RetryInvocationAttempts',
    failed: 'FailedInvocations',
  },
  topic: { sent: 'NumberOfNotificationsDelivered', unsent: 'NumberOfNotificationsFailed' },
} as const;

/** @throws NoRouteError where nobody would be told, and there is nothing to prove */
export function proofInput(operations: AlertingOperations, severity: Severity): ProofInput {
  const { environment, proof } = operations;
  const routes = routesOf(operations, severity);
  if (routes.length === 0 || !proof) {
    throw new NoRouteError(
      `no route of ${environment} takes ${severity} alarms, so nobody is told of one: name one in alerting of its configuration, and deploy`,
    );
  }
  return {
    severity,
    alarmName: testAlarmName(environment, severity),
    deadLetterQueueUrl: proof.deadLetterQueueUrl,
    queries: routes.flatMap((route, index) => queriesOf(route, index)),
  };
}

export function routesOf({ routes }: AlertingOperations, severity: Severity): AlertingRoute[] {
  return routes.filter((route) => route.severity === severity);
}

function queriesOf({ soundRule, endRule, topic }: AlertingRoute, index: number): ProofQuery[] {
  const rules = { sound: soundRule, end: endRule };
  return [
    ...Object.entries(rules).flatMap(([way, rule]) =>
      Object.entries(COUNTED.rule).map(([what, metric]) =>
        query(`${way}_${what}_${index}`, 'AWS/Events', metric, 'RuleName', rule),
      ),
    ),
    ...(topic === undefined
      ? []
      : Object.entries(COUNTED.topic).map(([what, metric]) =>
          query(`${what}_${index}`, 'AWS/SNS', metric, 'TopicName', topic),
        )),
  ];
}

function query(Id: string, Namespace: string, MetricName: string, Name: string, Value: string): ProofQuery {
  return {
    Id,
    MetricStat: {
      Metric: { Namespace, MetricName, Dimensions: [{ Name, Value }] },
      Period: 60,
      Stat: 'Sum',
    },
  };
}

/** What the state machine leaves behind: what the metrics and the dead-letter queue said some minutes later. */
export const ProofOutput = z.object({
  severity: z.enum(SEVERITIES),
  alarmName: z.string().min(1),
  seen: z.object({
    MetricDataResults: z.array(z.object({ Id: z.string(), Values: z.array(z.number()).default([]) })),
  }),
  deadLetters: z.object({
    Attributes: z.object({ ApproximateNumberOfMessages: z.coerce.number() }),
  }),
});
export type ProofOutput = z.output<typeof ProofOutput>;

/** `unseen`: no figure came yet, and metrics are no full account: neither proof nor failure. */
export type HopState = 'seen' | 'unseen' | 'failed';

export interface Hop {
  readonly name: string;
  readonly state: HopState;
  readonly detail: string;
}

export interface RouteProof {
  readonly channel: Channel;
  readonly status: 'proven' | 'unseen' | 'failed';
  readonly hops: readonly Hop[];
}

export interface PathProof {
  readonly environment: string;
  readonly severity: Severity;
  readonly alarmName: string;
  readonly status: RouteProof['status'];
  readonly routes: readonly RouteProof[];
  /** Messages that nobody took away, of this test or from before. */
  readonly deadLetters: number;
  /** What no metric of ours can tell. */
  readonly notSeenFromHere: readonly string[];
}

const TAKEN_BY: Readonly<Record<Channel, string>> = {
  pagerduty: 'PagerDuty',
  email: 'the e-mail topic',
  chat: 'the chat topic',
};

const BEYOND: Readonly<Record<Channel, string>> = {
  pagerduty: 'whether PagerDuty called anybody, and whether a phone rang',
  email: 'whether a mail server took the mail for a mailbox, and whether anybody read it',
  chat: 'whether the message stands in the channel',
};

/** What was seen of every hop. A route is proven when its test alarm was delivered, and its end as well. */
export function judgeProof(operations: AlertingOperations, output: ProofOutput): PathProof {
  const sums = new Map(
    output.seen.MetricDataResults.map(({ Id, Values }) => [Id, Values.reduce((sum, one) => sum + one, 0)]),
  );
  const routes = routesOf(operations, output.severity).map(({ channel, topic }, index) =>
    judgeRoute(channel, topic !== undefined, (what) => sums.get(`${what}_${index}`) ?? 0),
  );
  return {
    environment: operations.environment,
    severity: output.severity,
    alarmName: output.alarmName,
    status: worst(routes.map(({ status }) => status)),
    routes,
    deadLetters: output.deadLetters.Attributes.ApproximateNumberOfMessages,
    notSeenFromHere: [...new Set(routes.map(({ channel }) => BEYOND[channel]))],
  };
}

function judgeRoute(channel: Channel, hasTopic: boolean, sum: (what: string) => number): RouteProof {
  const hops = [
    ...(['sound', 'end'] as const).flatMap((way) => ruleHops(way, TAKEN_BY[channel], sum)),
    ...(hasTopic ? [topicHop(sum)] : []),
  ];
  return {
    channel,
    hops,
    status: worst(hops.map(({ state }) => (state === 'seen' ? 'proven' : state))),
  };
}

function ruleHops(way: 'sound' | 'end', taker: string, sum: (what: string) => number): Hop[] {
  const word = way === 'sound' ? 'ALARM' : 'OK';
  const count = (what: string) => sum(`${way}_${what}`);
  const [matched, delivered, failed] = [count('matched'), count('delivered'), count('failed')];
  const retried = count('retried');
  return [
    {
      name: `EventBridge took the ${word}`,
      // What was delivered had been taken, whatever that metric says by now.
      state: matched > 0 || delivered > 0 ? 'seen' : 'unseen',
      detail: `${matched} matched`,
    },
    {
      name: `${taker} took the ${word}`,
      state: failed > 0 ? 'failed' : delivered > 0 ? 'seen' : 'unseen',
      detail: `${delivered} delivered, ${failed} failed, ${retried} tried again`,
    },
  ];
}

function topicHop(sum: (what: string) => number): Hop {
  const [sent, unsent] = [sum('sent'), sum('unsent')];
  return {
    name: 'the topic passed it on',
    state: unsent > 0 ? 'failed' : sent > 0 ? 'seen' : 'unseen',
    detail: `${sent} passed on, ${unsent} failed`,
  };
}

function worst(statuses: readonly RouteProof['status'][]): RouteProof['status'] {
  return statuses.includes('failed') ? 'failed' : statuses.includes('unseen') ? 'unseen' : 'proven';
}
