import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { GoLiveError } from '../../../core/shared/errors';
import { defineCustomResource, type CustomResourceDefinition } from '../../../lambdas/shared/custom-resource';
import { lambdaContext } from './lambda-context';
import { watchHandler } from './watched-handler';

class NoRoomError extends GoLiveError {
  readonly code = 'NoRoomError';
}

interface Received {
  readonly method: string | undefined;
  readonly contentType: string | undefined;
  readonly bytes: number;
  readonly answer: Record<string, unknown>;
}

const Environment = z.object({ DATABASE_NAME: z.string().min(1) });
const Properties = z.object({ Owner: z.string().min(1) });
type Definition = CustomResourceDefinition<typeof Environment, typeof Properties>;

describe('the function of a custom resource', () => {
  const watched = watchHandler('secrets-example', { DATABASE_NAME: 'shop' });
  let server: Server;
  let url: string;
  let received: Received[];
  /** What the next requests are answered with; then 200. */
  let statuses: (number | 'hang-up')[];

  beforeEach(async () => {
    received = [];
    statuses = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        received.push({
          method: request.method,
          contentType: request.headers['content-type'],
          bytes: body.length,
          answer: JSON.parse(body.toString()) as Record<string, unknown>,
        });
        const status = statuses.shift() ?? 200;
        if (status === 'hang-up') return void request.socket.destroy();
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?X-Amz-Signature=planted-signature`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const event = (more: Record<string, unknown> = {}) => ({
    RequestType: 'Create',
    ResponseURL: url,
    StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/prod-Secrets/1',
    RequestId: 'r-1',
    ResourceType: 'Custom::Example',
    LogicalResourceId: 'Roles',
    ResourceProperties: { ServiceToken: 'arn', Owner: 'golive_owner' },
    ...more,
  });

  const done = () => Promise.resolve({});

  const define = (work: Partial<Definition>) =>
    defineCustomResource({
      name: 'secrets/example',
      environment: Environment,
      properties: Properties,
      create: done,
      update: done,
      delete: done,
      ...work,
    });

  const answers = () => received.map(({ answer }) => answer);

  test('what fails is told to CloudFormation scrubbed, and fails the invocation', async () => {
    const create = () =>
      Promise.reject(new NoRoomError('postgres://admin:planted-pw@db/shop is full; buy more'));
    await expect(define({ create })(event(), lambdaContext())).rejects.toMatchObject({ code: 'NoRoomError' });
    expect(answers()).toEqual([
      {
        Status: 'FAILED',
        Reason: 'NoRoomError: postgres://[redacted]@db/shop is full; buy more',
        PhysicalResourceId: expect.stringMatching(/^never-made-Roles-[0-9a-f]{12}$/) as string,
        StackId: event().StackId,
        RequestId: 'r-1',
        LogicalResourceId: 'Roles',
      },
    ]);
    expect(watched.metrics()).toMatchObject({ FunctionFailures: 1 });
    expect(watched.printed()).not.toMatch(/planted/);
  });

  test('a create that failed is deleted without a word to the work', async () => {
    const work = jest.fn(() => Promise.reject(new Error('never')));
    await expect(define({ create: work })(event(), lambdaContext())).rejects.toThrow('never');
    const { PhysicalResourceId } = answers()[0]!;
    const remove = jest.fn(done);
    await define({ delete: remove })(event({ RequestType: 'Delete', PhysicalResourceId }), lambdaContext());
    expect(remove).not.toHaveBeenCalled();
    expect(answers()[1]).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
  });

  test('what is not done in time is answered before Lambda ends it', async () => {
    let signal: AbortSignal | undefined;
    const create: Definition['create'] = (request) => {
      signal = request.signal;
      return new Promise<never>(() => undefined);
    };
    await expect(define({ create })(event(), lambdaContext({ remainingMs: 9_050 }))).rejects.toMatchObject({
      code: 'CustomResourceTimeoutError',
    });
    expect(answers()).toEqual([
      expect.objectContaining({
        Status: 'FAILED',
        Reason: expect.stringContaining('time ran out') as string,
      }),
    ]);
    expect(signal?.aborted).toBe(true);
  });

  test.each([[[500, 503]], [['hang-up', 429]]] as [(number | 'hang-up')[]][])(
    'an answer that S3 does not take (%j) is given again',
    async (refusals) => {
      statuses = [...refusals];
      await define({})(event(), lambdaContext());
      expect(received).toHaveLength(3);
      expect(answers()[2]).toMatchObject({ Status: 'SUCCESS' });
    },
  );

  test('an answer that S3 never takes fails the invocation, without the URL, which is a credential', async () => {
    statuses = [403];
    const failure = await define({})(event(), lambdaContext()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CustomResourceAnswerError' });
    expect(String(failure)).toMatch(/was not told SUCCESS of Roles: S3 answered 403/);
    expect(received).toHaveLength(1);
    expect(String(failure) + watched.printed()).not.toContain('planted-signature');
  });

  test('a failure that cannot be told is still the one in the log', async () => {
    statuses = [403];
    const create = () => Promise.reject(new NoRoomError('the shop is full; buy more'));
    await expect(define({ create })(event(), lambdaContext())).rejects.toMatchObject({
      code: 'CustomResourceAnswerError',
    });
    expect(watched.printed()).toContain('the shop is full; buy more');
  });

  test('wrong properties are told, without their values, and nothing is done', async () => {
    const create = jest.fn(done);
    const wrong = event({ ResourceProperties: { Owner: ['planted-value'] } });
    await expect(define({ create })(wrong, lambdaContext())).rejects.toMatchObject({
      code: 'InvalidPropertiesError',
    });
    expect(create).not.toHaveBeenCalled();
    expect(answers()[0]).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('Owner:') as string,
    });
    expect(JSON.stringify(answers())).not.toContain('planted-value');
  });

  test.each([
    ['a wrong environment', () => delete process.env['DATABASE_NAME'], {}, 'InvalidEnvironmentError'],
    ['an event that lacks something', () => true, { ResourceProperties: undefined }, 'InvalidEventError'],
  ])('%s is answered too', async (_, prepare, more, code) => {
    prepare();
    await expect(define({})(event(more), lambdaContext())).rejects.toMatchObject({ code });
    expect(answers()).toEqual([
      expect.objectContaining({ Status: 'FAILED', Reason: expect.stringContaining(code) as string }),
    ]);
  });

  test('what is no event of CloudFormation is refused, and nobody is called', async () => {
    await expect(define({})({}, lambdaContext())).rejects.toMatchObject({ code: 'InvalidEventError' });
    expect(received).toEqual([]);
  });

  test('a long reason is cut to what CloudFormation reads, in whole characters', async () => {
    const create = () => Promise.reject(new NoRoomError('é€😀"'.repeat(2_000)));
    await expect(define({ create })(event(), lambdaContext())).rejects.toThrow();
    expect(received[0]!.bytes).toBeLessThanOrEqual(4096);
    expect(received[0]!.bytes).toBeGreaterThan(3_500);
    expect(answers()[0]!['Reason']).toMatch(/^NoRoomError: [é€😀"]*…$/u);
  });

  test('more data than CloudFormation reads is a failure that says so', async () => {
    const create = () => Promise.resolve({ data: { much: 'x'.repeat(5_000) } });
    await expect(define({ create })(event(), lambdaContext())).rejects.toMatchObject({
      code: 'CustomResourceAnswerTooLongError',
    });
    expect(answers()[0]).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('at most 4096') as string,
    });
  });

  test('success is answered as a PUT of no type, with an id that stays through the resource’s life', async () => {
    const create = jest.fn(() => Promise.resolve({ data: { Owner: 'golive_owner' } }));
    const handler = define({ create });
    const first = await handler(event(), lambdaContext());
    await handler(event(), lambdaContext());
    expect(received[0]).toMatchObject({ method: 'PUT', contentType: '' });
    expect(answers()[0]).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: expect.stringMatching(/^Roles-[0-9a-f]{12}$/) as string,
      Data: { Owner: 'golive_owner' },
    });
    expect(answers()[1]).toEqual(answers()[0]);
    expect(first).toEqual({ requestType: 'Create', physicalResourceId: answers()[0]!['PhysicalResourceId'] });
    expect(create.mock.calls[0]).toEqual([
      expect.not.objectContaining({ event: expect.anything() as unknown }),
    ]);
  });

  test('an update knows what was before, where it can be understood, and keeps the id', async () => {
    const update = jest.fn(done);
    const handler = define({ update });
    const change = { RequestType: 'Update', PhysicalResourceId: 'Roles-1' };
    await handler(event({ ...change, OldResourceProperties: { Owner: 'before' } }), lambdaContext());
    await handler(event({ ...change, OldResourceProperties: {} }), lambdaContext());
    expect(update.mock.calls).toEqual([
      [expect.objectContaining({ properties: { Owner: 'golive_owner' } }), { Owner: 'before' }],
      [expect.objectContaining({ properties: { Owner: 'golive_owner' } }), undefined],
    ]);
    expect(answers().map(({ PhysicalResourceId }) => PhysicalResourceId)).toEqual(['Roles-1', 'Roles-1']);
  });
});
