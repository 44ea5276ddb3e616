import { InvalidRequestException, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import {
  followRotation,
  rotationOrder,
  startRotation,
  type FollowedStep,
  type OperatedSecret,
} from '../../../../core/secrets/operate';
import { FakeSecret, secretOf } from './fake-secret';

/** Starts a rotation and follows it by a clock of its own: nothing here waits. */
async function rotate(fake: FakeSecret, change: Partial<OperatedSecret> = {}, signal?: AbortSignal) {
  const secret = secretOf(change);
  const steps: FollowedStep[] = [];
  let now = 0;
  const pauses: number[] = [];
  const started = await startRotation(fake.client, secret);
  const followed = followRotation({
    secretsManager: fake.client,
    secret,
    started,
    timeoutMinutes: 10,
    onStep: (step) => steps.push(step),
    signal,
    clock: () => now,
    pause: (milliseconds) => {
      pauses.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  });
  return { steps, pauses, followed: await followed };
}

const once = (looks: number, happens: () => void) => [looks, happens] as const;

function rotating(...events: (readonly [number, () => void])[]): FakeSecret {
  const fake = new FakeSecret({ AWSCURRENT: 'v1' });
  for (const [look, happens] of events) fake.beforeLook.set(look, happens);
  return fake;
}

test('a rotation that does not end is told of with its state, its function’s log and the runbook, and does no harm', async () => {
  const fake = rotating();
  fake.more = { RotationLambdaARN: 'arn:aws:lambda:eu-central-1:123456789012:function:prod-RotateApp' };
  await expect(rotate(fake)).rejects.toMatchObject({
    code: 'RotationTimeoutError',
    message: expect.stringMatching(
      /not rotated in 10 minutes: version \S+ is still pending, and version v1, which works as before, is current.*prod-RotateApp \(secrets-rotate-app\).*aws logs tail.*docs\/runbook.md#a-rotation-failed/,
    ) as string,
  });
  // 1 s, 1.5 s … 15 s: ten minutes cost some 45 looks, not 600.
  expect(fake.looks).toBeLessThan(50);
});

test('a rotation whose version was never seen says so', async () => {
  const fake = rotating();
  fake.mock.on(RotateSecretCommand).resolves({});
  await expect(rotate(fake)).rejects.toThrow(/no version is pending yet/);
});

test.each<[string, (fake: FakeSecret) => void, RegExp]>([
  [
    'somebody set the secret meanwhile',
    (fake) => fake.move('AWSCURRENT', 'v9'),
    /was abandoned: version v9 became current instead.*golive audit --action secret\./,
  ],
  [
    'another version is pending in its place',
    (fake) => fake.labels.set('AWSPENDING', 'v8'),
    /was abandoned: version v8 is pending in its place; follow that one: golive secrets rotate app/,
  ],
  [
    'its label was taken away',
    (fake) => fake.labels.delete('AWSPENDING'),
    /was abandoned: its label AWSPENDING was taken away, and version v1 stays current/,
  ],
])('a rotation is abandoned when %s, and that is named at once', async (_what, happens, message) => {
  const fake = rotating();
  fake.beforeLook.set(3, () => happens(fake));
  await expect(rotate(fake)).rejects.toMatchObject({
    code: 'RotationAbandonedError',
    message: expect.stringMatching(message) as string,
  });
  expect(fake.looks).toBe(3);
});

test('what people set is not rotated, and it says what to do instead', async () => {
  const fake = rotating();
  await expect(rotate(fake, { name: 'sentry-dsn', kind: 'set-by-people' })).rejects.toMatchObject({
    code: 'SecretNotRotatableError',
    message: expect.stringContaining('golive secrets set sentry-dsn') as string,
  });
  expect(fake.mock.calls()).toHaveLength(0);
});

test.each([
  [{ RotationEnabled: false }, /turned off; deploy the Secrets stack/],
  [{ DeletedDate: new Date('2026-11-28T00:00:00Z') }, /restore-secret --secret-id arn:/],
])('a secret that cannot rotate is refused before anything is asked for: %j', async (more, message) => {
  const fake = rotating();
  fake.more = more;
  await expect(rotate(fake)).rejects.toThrow(message);
  expect(fake.mock.commandCalls(RotateSecretCommand)).toHaveLength(0);
});

test('whoever may not rotate it is told which permission is missing', async () => {
  const fake = rotating();
  fake.mock
    .on(RotateSecretCommand)
    .rejects(Object.assign(new Error('not you'), { name: 'AccessDeniedException' }));
  await expect(rotate(fake)).rejects.toMatchObject({
    code: 'SecretUnavailableError',
    message: expect.stringMatching(/AccessDeniedException.*ask for secretsmanager:RotateSecret/) as string,
  });
});

test('it is followed step by step to the end, and seldom looked at when it is slow', async () => {
  const fake = rotating();
  fake.beforeLook.set(12, () => fake.finish());
  const { steps, followed, pauses } = await rotate(fake);
  expect(steps).toEqual(['asked', 'pending', 'current']);
  expect(followed).toMatchObject({ from: 'v1', to: fake.labels.get('AWSCURRENT'), isReplaced: false });
  expect(pauses.slice(0, 3)).toEqual([1_000, 1_500, 2_250]);
  expect(pauses.at(-1)).toBe(15_000);
});

test('one that was over before we looked, and was followed by another, counts as rotated', async () => {
  const fake = rotating();
  fake.beforeLook.set(2, () => {
    fake.finish();
    fake.move('AWSCURRENT', 'v7');
  });
  expect((await rotate(fake)).followed).toMatchObject({ isReplaced: true });
});

test('a previous rotation that is not complete is tried again by Secrets Manager, and that one is followed', async () => {
  const fake = new FakeSecret({ AWSCURRENT: 'v1', AWSPENDING: 'v2' });
  fake.mock.on(RotateSecretCommand).rejects(
    new InvalidRequestException({
      message: "A previous rotation isn't complete. That rotation will be reattempted.",
      $metadata: {},
    }),
  );
  fake.beforeLook.set(4, () => fake.finish());
  const { steps, followed } = await rotate(fake);
  expect(steps).toEqual(['reattempted', 'pending', 'current']);
  expect(followed).toMatchObject({ from: 'v1', to: 'v2' });
});

test('one that began and ended between two looks is followed to its end, too', async () => {
  const fake = rotating();
  fake.answer(RotateSecretCommand, () => {
    fake.move('AWSCURRENT', 'v2');
    throw new InvalidRequestException({ message: "A previous rotation isn't complete.", $metadata: {} });
  });
  expect((await rotate(fake)).followed).toMatchObject({ from: 'v1', to: 'v2' });
});

test('whoever stops the following hears why', async () => {
  const stopped = new AbortController();
  const fake = rotating(once(3, () => stopped.abort(new Error('enough'))));
  await expect(rotate(fake, {}, stopped.signal)).rejects.toThrow('enough');
});

test('all rotate in the order of harm: rings first, the master, whom the others need, last, people’s values never', () => {
  const all: OperatedSecret[] = [
    secretOf({ name: 'master', kind: 'single-user' }),
    secretOf({ name: 'app' }),
    secretOf({ name: 'backup', kind: 'single-user' }),
    secretOf({ name: 'slack', kind: 'set-by-people' }),
    secretOf({ name: 'cache', kind: 'cache-user' }),
    secretOf({ name: 'jwt', kind: 'key-ring' }),
    secretOf({ name: 'data', kind: 'key-ring' }),
  ];
  expect(rotationOrder(all).map(({ name }) => name)).toEqual([
    'jwt',
    'data',
    'cache',
    'backup',
    'app',
    'master',
  ]);
});
