import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeAlarms } from '../../../core/alerting/describe-alarms';

interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}
type Answer = { readonly status: number; readonly body: unknown } | 'hang up';

let server: Server;
let asked: Asked[];
let answers: Answer[];

beforeEach(async () => {
  [asked, answers] = [[], []];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push({ headers: request.headers, body: JSON.parse(text) as Asked['body'] });
      const answer = answers.shift() ?? 'hang up';
      if (answer === 'hang up') request.socket.destroy();
      else response.writeHead(answer.status).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

function describeFrom(...given: Answer[]) {
  answers = given;
  const { port } = server.address() as AddressInfo;
  const client = new CloudWatchClient({
    region: 'eu-central-1',
    credentials,
    endpoint: `http://127.0.0.1:${port}`,
  });
  return describeAlarms({ environment: 'prod', client }).finally(() => client.destroy());
}

const alarm = (name: string, more: object = {}) => ({
  AlarmName: name,
  AlarmDescription: 'Bad. See docs/runbook.md#edge-slow',
  StateValue: 'ALARM',
  StateReason: 'Threshold Crossed',
  StateUpdatedTimestamp: 1_796_000_000,
  ...more,
});
const ok = (body: object): Answer => ({ status: 200, body });

test('both kinds of alarms are asked for, page by page, signed for CloudWatch', async () => {
  const alarms = await describeFrom(
    ok({
      MetricAlarms: [alarm('golive-prod-warning-edge-slow--gateway')],
      CompositeAlarms: [],
      NextToken: 'more',
    }),
    ok({ MetricAlarms: [], CompositeAlarms: [alarm('golive-prod-critical-edge-unwell')] }),
  );

  expect(alarms.map(({ name }) => name)).toEqual([
    'golive-prod-warning-edge-slow--gateway',
    'golive-prod-critical-edge-unwell',
  ]);
  expect(asked.map(({ body }) => body)).toEqual([
    { AlarmNamePrefix: 'golive-prod-', AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], MaxRecords: 100 },
    expect.objectContaining({ NextToken: 'more' }),
  ]);
});

test('an alarm says since when, of what, and whether it is kept quiet', async () => {
  const [quiet] = await describeFrom(
    ok({
      CompositeAlarms: [
        alarm('golive-prod-critical-services-unwell--gateway', {
          StateTransitionedTimestamp: 1_795_996_400,
          ActionsSuppressedBy: 'Alarm',
        }),
      ],
    }),
  );

  expect(quiet).toMatchObject({
    severity: 'critical',
    anchor: 'edge-slow',
    subject: 'gateway',
    region: 'eu-central-1',
    state: 'ALARM',
    since: new Date(1_795_996_400_000).toISOString(),
    isSuppressed: true,
  });
});

test('an alarm of another environment with a longer name is none of ours', async () => {
  const others = [alarm('golive-prod-two-critical-edge-slow'), alarm('golive-prod-by-hand')];
  expect(await describeFrom(ok({ MetricAlarms: others }))).toEqual([]);
});

test('what is throttled, fails or hangs up is asked again', async () => {
  const throttled = {
    status: 400,
    body: { __type: 'com.amazon#ThrottlingException', message: 'Rate exceeded' },
  };

  expect(await describeFrom(throttled, 'hang up', ok({}))).toEqual([]);
  expect(asked).toHaveLength(3);
});

test.each<[string, Answer, RegExp, boolean, number]>([
  [
    'a refusal',
    { status: 400, body: { __type: 'AccessDeniedException', message: 'not authorised' } },
    /not authorised; sign in .* or ask for cloudwatch:DescribeAlarms$/,
    false,
    1,
  ],
  ['an outage', { status: 503, body: {} }, /try again in a minute$/, true, 3],
  ['silence', 'hang up', /look at your network/, true, 3],
  [
    'another form',
    { status: 200, body: { MetricAlarms: [alarm('golive-prod-info-a', { StateValue: 'NEW' })] } },
    /use a newer golive$/,
    false,
    1,
  ],
])('%s is an error that says what to do', async (_, answer, message, retryable, attempts) => {
  const error: unknown = await describeFrom(answer, answer, answer).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({
    code: 'AlarmsUnreadableError',
    message: expect.stringMatching(message) as string,
    retryable,
  });
  expect(asked).toHaveLength(attempts);
});
