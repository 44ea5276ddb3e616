import type { PlatformParts, ResourceRequest } from '../../local/cloudformation/provider';
import { PROVIDERS } from '../../local/cloudformation/providers';
import type { Invocation, LocalPlatform } from '../../local/platform';

type Event = Readonly<Record<string, unknown>> & { readonly ResponseURL: string };
type LocalFunction = LocalPlatform['functions'][number];

const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:roles';
const provider = PROVIDERS['Custom::DatabaseRoles']!;

describe('a custom resource, as CloudFormation would make it', () => {
  /** Makes one, with a function that does this, and a state machine that does that. */
  async function make(
    fn: (event: Event) => Promise<Partial<Invocation> | void>,
    token = FUNCTION,
    later?: () => Promise<unknown>,
  ) {
    const parts = {
      region: 'eu-central-1',
      account: '123456789012',
      progress: () => undefined,
      functions: new Map([[FUNCTION, { arn: FUNCTION, path: 'local/Roles' } as LocalFunction]]),
      invoke: async (_: LocalFunction, event: Event) => (await fn(event)) ?? {},
      stepFunctions: { settled: () => Promise.resolve(later?.()) },
    } as unknown as PlatformParts;
    const request: ResourceRequest = {
      stack: 'local-Secrets',
      logicalId: 'Roles',
      path: 'local/Secrets/Roles',
      type: 'Custom::DatabaseRoles',
      properties: { ServiceToken: token, Owner: 'o', Days: 3, Adopt: false, List: [1, { deep: true }] },
      assets: new Map(),
      dockerfiles: new Map(),
    };
    return await provider.make(request, parts);
  }

  const put = (url: string, body: object, headers: Record<string, string> = { 'content-type': '' }) =>
    fetch(url, { method: 'PUT', headers, body: new TextEncoder().encode(JSON.stringify(body)) });

  const answerTo = ({ StackId, RequestId, LogicalResourceId }: Event, more: object = {}) => ({
    Status: 'SUCCESS',
    PhysicalResourceId: 'roles-1',
    StackId,
    RequestId,
    LogicalResourceId,
    ...more,
  });

  test('is not made when its function says so, and the reason is told', async () => {
    const fails = (event: Event) =>
      put(event.ResponseURL, answerTo(event, { Status: 'FAILED', Reason: 'no such role' })).then(
        () => undefined,
      );
    await expect(make(fails)).rejects.toThrow('no such role');
  });

  test.each([
    ['nothing, and succeeds', () => Promise.resolve(), /answered nothing.*it says nothing either/],
    [
      'nothing, and fails',
      () => Promise.resolve({ error: { errorType: 'E', errorMessage: 'it broke' } }),
      /answered nothing.*it broke/,
    ],
    [
      'to another request',
      (event: Event) => put(event.ResponseURL, answerTo(event, { RequestId: 'other' })).then(() => undefined),
      /answered for another request/,
    ],
    [
      'with a content type, for which the URL is not signed',
      (event: Event) =>
        put(event.ResponseURL, answerTo(event), { 'content-type': 'application/json' }).then(() => undefined),
      /answered nothing/,
    ],
    [
      'more than CloudFormation reads',
      (event: Event) =>
        put(event.ResponseURL, answerTo(event, { Data: { x: 'x'.repeat(4096) } })).then(() => undefined),
      /answered nothing/,
    ],
  ])('is not made when its function answers %s', async (_, fn, message) => {
    await expect(make(fn)).rejects.toThrow(message);
  });

  test('needs a function that is there', async () => {
    await expect(make(() => Promise.resolve(), 'arn:other')).rejects.toThrow(
      'there is no function arn:other',
    );
  });

  test('is made when a state machine answers that its function has handed it to', async () => {
    let handedOver: Event | undefined;
    const made = await make(
      (event) => Promise.resolve(void (handedOver = event)),
      FUNCTION,
      () => put(handedOver!.ResponseURL, answerTo(handedOver!)),
    );
    expect(made).toMatchObject({ ref: 'roles-1' });
  });

  test('is given its properties as text, and its answer is what others refer to', async () => {
    let properties: unknown;
    const made = await make(async (event) => {
      properties = event['ResourceProperties'];
      await put(event.ResponseURL, answerTo(event, { Data: { Owner: 'o', Count: 3 } }));
      // A second word does not count.
      await put(event.ResponseURL, answerTo(event, { Status: 'FAILED' }));
    });
    expect(made).toEqual({ ref: 'roles-1', attributes: { Owner: 'o', Count: '3' } });
    expect(properties).toEqual({
      ServiceToken: FUNCTION,
      Owner: 'o',
      Days: '3',
      Adopt: 'false',
      List: ['1', { deep: 'true' }],
    });
  });
});

describe('a rotation schedule', () => {
  const schedule = PROVIDERS['AWS::SecretsManager::RotationSchedule']!;
  const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf';

  function make(rules: object, permissions: { principal: string; sourceArn: string }[]) {
    const parts = {
      functions: new Map([[FUNCTION, { arn: FUNCTION, path: 'local/Rotate' } as LocalFunction]]),
      permissions: new Map([[FUNCTION, permissions]]),
      rotations: [],
      clients: {},
    } as unknown as PlatformParts;
    const request = {
      path: 'local/Secrets/Schedule',
      type: 'AWS::SecretsManager::RotationSchedule',
      properties: { SecretId: SECRET, RotationLambdaARN: FUNCTION, RotationRules: rules },
    } as unknown as ResourceRequest;
    return schedule.make(request, parts);
  }

  test('is refused when its function does not let Secrets Manager in for this very secret', async () => {
    const elsewhere = { principal: 'secretsmanager.amazonaws.com', sourceArn: `${SECRET}-other` };
    await expect(make({ AutomaticallyAfterDays: 1 }, [elsewhere])).rejects.toThrow(
      /does not let Secrets Manager invoke/,
    );
  });

  test.each(['rate(4 hours)', 'cron(0 1 30 2 ? *)', 'sometimes'])(
    'is refused when it is %s',
    async (expression) => {
      const allowed = { principal: 'secretsmanager.amazonaws.com', sourceArn: SECRET };
      await expect(make({ ScheduleExpression: expression }, [allowed])).rejects.toThrow(
        /no schedule|never again/,
      );
    },
  );
});
