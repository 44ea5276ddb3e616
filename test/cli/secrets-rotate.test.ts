import { PassThrough } from 'node:stream';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { RDSClient } from '@aws-sdk/client-rds';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { Console } from '../../cli/console';
import type { Environment } from '../../cli/environment';
import { secretsRotate, type RotateTimes } from '../../cli/secrets-rotate';
import type { AuditRecord } from '../../core/audit';
import { SecretsOperations } from '../../core/secrets/operations';
import { ARN, FakeSecret } from '../core/secrets/operate/fake-secret';
import { operationsOf } from './operations';

const s3 = mockClient(S3Client);

beforeEach(() => s3.reset());
afterAll(() => s3.restore());

async function rotate(name: string, fake: FakeSecret, times: Partial<RotateTimes> = {}) {
  const written = { stdout: '', stderr: '' };
  const stream = (to: keyof typeof written) => {
    const sink = new PassThrough();
    sink.on('data', (chunk: Buffer) => (written[to] += chunk.toString()));
    return sink as unknown as NodeJS.WriteStream;
  };
  const [stdout, stderr] = [stream('stdout'), stream('stderr')];
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const output = new Console({ stdout, stderr, stdin, env: {} }, false);
  const never = () => Promise.reject(new Error('nobody asks for it'));
  const environment: Environment = {
    operations: operationsOf({ environment: 'prod' }),
    s3: new S3Client({ region: 'eu-central-1' }),
    rds: new RDSClient({ region: 'eu-central-1' }),
    ecs: new ECSClient({ region: 'eu-central-1' }),
    sfn: new SFNClient({ region: 'eu-central-1' }),
    secretsManager: fake.client,
    clientsIn: () => {
      throw new Error('no other region is asked');
    },
    caller: () =>
      Promise.resolve({ account: '123456789012', arn: 'arn:aws:iam::123456789012:user/op', userId: 'op' }),
    database: never,
    databaseToDump: never,
    caFile: never,
    services: never,
    alerting: never,
    sentry: never,
    region: () => Promise.resolve('eu-central-1'),
    alarmsIn: () => Promise.resolve([]),
    secrets: () =>
      Promise.resolve(
        SecretsOperations.parse({
          secretsVersion: 1,
          environment: 'prod',
          secrets: [
            { name: 'app', arn: ARN, kind: 'alternating-user', functionLabel: 'secrets-rotate-app' },
            { name: 'slack', arn: `${ARN}2`, kind: 'set-by-people' },
          ],
          clusters: [],
        }),
      ),
  };
  let now = 0;
  const error = await secretsRotate(
    environment,
    output,
    name,
    { yes: true, timeoutMinutes: 5 },
    {
      signal: new AbortController().signal,
      clock: () => now,
      pause: (milliseconds) => Promise.resolve(void (now += milliseconds)),
      ...times,
    },
  ).then(
    () => undefined,
    (thrown: unknown) => thrown as Error & { code: string },
  );
  const records = s3
    .commandCalls(PutObjectCommand)
    .map(({ args }) => JSON.parse(args[0].input.Body as string) as AuditRecord);
  return { ...written, error, records };
}

test('a rotation that fails again and again ends with what to look at, and its record says so', async () => {
  const { error, records, stderr, stdout } = await rotate('app', new FakeSecret({ AWSCURRENT: 'v1' }));
  expect(error).toMatchObject({ code: 'RotationTimeoutError' });
  expect(error!.message).toMatch(
    /not rotated in 5 minutes.*secrets-rotate-app.*docs\/runbook.md#a-rotation-failed/,
  );
  expect(stderr).toMatch(/app: asking for a rotation[\s\S]*app: the new version is pending/);
  expect(stdout).toBe('');
  expect(records).toMatchObject([
    {
      action: 'secret.rotate',
      target: ARN,
      outcome: 'failed',
      error: { code: 'RotationTimeoutError' },
      details: { name: 'app', from: 'v1' },
    },
  ]);
});

test('Ctrl-C ends the looking, says that the rotation goes on, and its record says so', async () => {
  const stopped = new AbortController();
  const { error, records } = await rotate('app', new FakeSecret({ AWSCURRENT: 'v1' }), {
    signal: stopped.signal,
    pause: () => {
      stopped.abort(new Error('Ctrl-C'));
      return Promise.resolve();
    },
  });
  expect(error).toMatchObject({
    code: 'StoppedError',
    message: expect.stringMatching(/goes on without us\. golive secrets list/) as string,
  });
  expect(records).toMatchObject([{ outcome: 'failed', error: { code: 'StoppedError' } }]);
});

test('all leaves out what people set', async () => {
  const fake = new FakeSecret({ AWSCURRENT: 'v1' });
  fake.beforeLook.set(3, () => fake.finish());
  const { error, stdout, stderr, records } = await rotate('all', fake);
  expect(error).toBeUndefined();
  expect(stdout).toMatch(/^1 secret rotated/);
  expect(stderr).not.toContain('slack');
  expect(records).toMatchObject([{ outcome: 'succeeded', details: { from: 'v1', replaced: false } }]);
});
