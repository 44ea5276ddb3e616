import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { beat, heartbeatName, latestSlot, NEVER_HOURS } from '../../../core/alerting/heartbeat';
import { FakeProofs, OPERATIONS, outputOf } from './fake-proofs';

/** Tuesday at 9. */
const SLOT = { weekDay: 2, hour: 9 };
const TUESDAY = new Date('2026-12-01T09:05:00Z');
const WEDNESDAY = new Date('2026-12-02T14:05:00Z');
const proven = (name: string, stopDate: string, severity: 'critical' | 'warning' = 'critical') => ({
  name,
  status: 'SUCCEEDED' as const,
  stopDate: new Date(stopDate),
  output: outputOf(severity),
});
const WEEK_BEFORE = [
  proven('heartbeat-critical-20261124T09', '2026-11-24T09:12:00Z'),
  proven('heartbeat-warning-20261124T09', '2026-11-24T09:12:00Z', 'warning'),
];

let fake: FakeProofs;
beforeEach(() => {
  fake = new FakeProofs();
  fake.executions = [...WEEK_BEFORE];
});
const at = (now: Date) => beat({ sfn: fake.client, operations: OPERATIONS, slot: SLOT, now });

describe('the heartbeat', () => {
  test('is sent in its hour, once for each severity that somebody is told of', async () => {
    expect(await at(TUESDAY)).toMatchObject([
      { severity: 'critical', sent: true },
      { severity: 'warning', sent: true },
    ]);
    expect(fake.started.map(({ name }) => name)).toEqual([
      'heartbeat-critical-20261201T09',
      'heartbeat-warning-20261201T09',
    ]);
  });

  test('is not sent twice in an hour', async () => {
    fake.executions = [
      { name: 'heartbeat-critical-20261201T09', status: 'RUNNING' },
      { name: 'heartbeat-warning-20261201T09', status: 'RUNNING' },
      ...WEEK_BEFORE,
    ];
    await at(TUESDAY);
    expect(fake.started).toEqual([]);
  });

  test('is not sent twice when two runs begin at once', async () => {
    fake.mock
      .on(StartExecutionCommand)
      .rejects(new ExecutionAlreadyExists({ message: 'exists', $metadata: {} }));
    expect(await at(TUESDAY)).toMatchObject([{ sent: false }, { sent: false }]);
  });

  test('is made up for when its hour was missed, and not at night', async () => {
    await at(new Date('2026-12-01T11:05:00Z'));
    expect(fake.started.map(({ name }) => name)).toContain('heartbeat-critical-20261201T09');
    fake.started.splice(0);
    await at(new Date('2026-12-01T12:05:00Z'));
    expect(fake.started).toEqual([]);
  });

  test('is not sent on another day', async () => {
    await at(WEDNESDAY);
    expect(fake.started).toEqual([]);
  });

  test('is sent at once where none ever was', async () => {
    fake.executions = [];
    await at(WEDNESDAY);
    expect(fake.started.map(({ name }) => name)).toContain('heartbeat-critical-20261202T14');
  });

  test('that Step Functions refuses fails the run', async () => {
    fake.mock.on(StartExecutionCommand).rejects(new Error('denied'));
    await expect(at(TUESDAY)).rejects.toThrow('denied');
  });
});

describe('the time since the path was proven', () => {
  const critical = async (now = WEDNESDAY) => (await at(now))[0]!.hoursSinceProof;

  test('is counted from the end of the newest test that arrived', async () => {
    fake.executions = [proven('by-hand', '2026-12-02T12:05:00Z'), ...WEEK_BEFORE];
    expect(await critical()).toBe(2);
  });

  test.each([
    ['did not arrive', { output: outputOf('critical', { sound_failed_0: 1 }) }],
    ['was not seen', { output: outputOf('critical', { sound_delivered_0: 0 }) }],
    ['was of another version', { output: '{}' }],
    ['did not end', { status: 'FAILED' as const }],
    ['is of another severity', { output: outputOf('warning') }],
  ])('does not begin anew with a test that %s', async (_, change) => {
    fake.executions = [{ ...proven('newest', '2026-12-02T13:05:00Z'), ...change }, ...WEEK_BEFORE];
    expect(await critical()).toBeCloseTo(8 * 24 + 4.883, 2);
  });

  test('is longer than any week where none has arrived', async () => {
    fake.executions = [];
    expect(await critical()).toBe(NEVER_HOURS);
  });

  test('is not asked where nobody is told', async () => {
    const nobody = { alertingVersion: 1, environment: 'prod', routes: [] } as const;
    expect(
      await beat({ sfn: fake.client, operations: { ...nobody, routes: [] }, slot: SLOT, now: TUESDAY }),
    ).toEqual([]);
  });
});

test.each([
  ['2026-12-01T09:00:00Z', '2026-12-01T09:00:00.000Z'],
  ['2026-12-01T08:59:59Z', '2026-11-24T09:00:00.000Z'],
  ['2026-12-07T23:00:00Z', '2026-12-01T09:00:00.000Z'],
])('at %s the newest slot is %s', (now, slot) => {
  expect(latestSlot(SLOT, new Date(now)).toISOString()).toBe(slot);
});

test('a heartbeat has a name that Step Functions takes', () => {
  expect(heartbeatName('critical', TUESDAY)).toMatch(/^[a-zA-Z0-9-]{1,80}$/);
});
