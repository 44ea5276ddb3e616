import { NoRouteError, PathProofError } from '../../../core/alerting';
import { judgeProof, proofInput, ProofOutput } from '../../../core/alerting/proof';
import { proofOf, provePath } from '../../../core/alerting/prove-path';
import { FakeProofs, OPERATIONS, outputOf } from './fake-proofs';

const judged = (figures: Readonly<Record<string, number>> = {}) =>
  judgeProof(OPERATIONS, ProofOutput.parse(JSON.parse(outputOf('critical', figures))));
const hop = (name: RegExp, figures: Readonly<Record<string, number>>) =>
  judged(figures)
    .routes.flatMap(({ hops }) => hops)
    .find((one) => name.test(one.name));

describe('the figures of a test', () => {
  test('that arrived and ended by every route are a proof', () => {
    const proof = judged();

    expect(proof.status).toBe('proven');
    expect(proof.routes.map(({ channel, status }) => `${channel} ${status}`)).toEqual([
      'pagerduty proven',
      'email proven',
    ]);
    expect(proof.routes[0]!.hops.map(({ name }) => name)).toEqual([
      'EventBridge took the ALARM',
      'PagerDuty took the ALARM',
      'EventBridge took the OK',
      'PagerDuty took the OK',
    ]);
  });

  test.each([
    ['PagerDuty refused it', { sound_failed_0: 1, sound_delivered_0: 0 }, 'pagerduty'],
    ['PagerDuty refused its end', { end_failed_0: 1, end_delivered_0: 0 }, 'pagerduty'],
    ['the topic was not written to', { sound_failed_1: 1 }, 'email'],
    ['the topic could not pass it on', { unsent_1: 1 }, 'email'],
  ])('are a failure: %s', (_, figures, channel) => {
    const proof = judged(figures);

    expect(proof.status).toBe('failed');
    expect(proof.routes.filter(({ status }) => status === 'failed').map((route) => route.channel)).toEqual([
      channel,
    ]);
  });

  test.each([
    ['nothing was delivered', { sound_delivered_0: 0 }],
    ['no rule took it', { sound_matched_0: 0, sound_delivered_0: 0 }],
    ['its end did not come', { end_delivered_1: 0 }],
    ['the topic passed nothing on', { sent_1: 0 }],
  ])('are no proof, and no failure: %s', (_, figures) => {
    expect(judged(figures).status).toBe('unseen');
  });

  test('of what was delivered are enough for what was before it', () => {
    expect(judged({ sound_matched_0: 0 }).status).toBe('proven');
  });

  test('tell what was tried again', () => {
    expect(hop(/PagerDuty took the ALARM/, { sound_retried_0: 3 })).toEqual({
      name: 'PagerDuty took the ALARM',
      state: 'seen',
      detail: '1 delivered, 0 failed, 3 tried again',
    });
  });

  test('end where people begin', () => {
    expect(judged().notSeenFromHere).toEqual([
      'whether PagerDuty called anybody, and whether a phone rang',
      'whether a mail server took the mail for a mailbox, and whether anybody read it',
    ]);
  });
});

describe('what a test is given', () => {
  test('asks for each route by its rules and its topic, each under an id of its own', () => {
    const { queries, alarmName, deadLetterQueueUrl } = proofInput(OPERATIONS, 'critical');

    expect({ alarmName, deadLetterQueueUrl }).toEqual({
      alarmName: 'golive-prod-critical-alerting-test',
      deadLetterQueueUrl: 'https://sqs/failed',
    });
    expect(new Set(queries.map(({ Id }) => Id)).size).toBe(queries.length);
    expect(queries.every(({ Id }) => /^[a-z][a-zA-Z0-9_]*$/.test(Id))).toBe(true); // as GetMetricData wants them
    expect(queries.map(({ MetricStat: { Metric } }) => Metric.Dimensions[0]!.Value)).toEqual(
      expect.arrayContaining(['trigger', 'resolve', 'mail-alarm', 'mail-ok', 'mail-topic']),
    );
  });

  test.each(['info', 'critical'] as const)('is nothing where nobody is told of %s', (severity) => {
    const nobody = severity === 'info' ? OPERATIONS : { ...OPERATIONS, routes: [] };

    expect(() => proofInput(nobody, severity)).toThrow(NoRouteError);
  });
});

describe('a path is proven', () => {
  const prove = (fake: FakeProofs, states: string[] = [], signal?: AbortSignal) =>
    provePath({
      sfn: fake.client,
      operations: OPERATIONS,
      severity: 'critical',
      onState: (state) => states.push(state),
      pauseMs: 1,
      ...(signal && { signal }),
    });

  test('by a state machine, which is followed', async () => {
    const fake = new FakeProofs();
    const states: string[] = [];

    await expect(prove(fake, states)).resolves.toMatchObject({ status: 'proven', severity: 'critical' });
    expect(fake.started.map(({ input }) => input.alarmName)).toEqual(['golive-prod-critical-alerting-test']);
    expect(states).toEqual(['LetItArrive']);
  });

  test('by none that came to another end', async () => {
    const fake = new FakeProofs();
    fake.ends = { status: 'FAILED', error: 'CloudWatch.AccessDenied', cause: 'no' };

    await expect(prove(fake)).rejects.toThrow(PathProofError);
    await expect(prove(fake)).rejects.toThrow(
      /FAILED: CloudWatch\.AccessDenied: no.*whether golive-prod-critical-alerting-test is back in OK/,
    );
  });

  test('by none whose output says something else', () => {
    expect(() => proofOf(OPERATIONS, '{"hello":"world"}')).toThrow(PathProofError);
    expect(() => proofOf(OPERATIONS, undefined)).toThrow(PathProofError);
  });

  test('while somebody waits for it: who goes does not stop it', async () => {
    const fake = new FakeProofs();

    await expect(prove(fake, [], AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(fake.mock.calls().map(({ args }) => args[0].constructor.name)).not.toContain(
      'StopExecutionCommand',
    );
  });
});
