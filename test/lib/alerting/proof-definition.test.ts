import { PROOF_STATES } from '../../../core/alerting/proof-states';
import { ProofOutput } from '../../../core/alerting/proof';
import { proofDefinition } from '../../../lib/alerting/proof-definition';
import { parseStateMachine } from '../../../local/state-machine/definition';
import { runStateMachine } from '../../../local/state-machine/run';
import { StateError } from '../../../local/state-machine/state-error';

const machine = parseStateMachine(JSON.stringify(proofDefinition()));
const INPUT = {
  severity: 'critical',
  alarmName: 'golive-prod-critical-alerting-test',
  deadLetterQueueUrl: 'https://queue',
  queries: [{ Id: 'sound_matched_0' }],
};

/** Runs it, and tells what it called, and how long it waited between. */
async function run(fails: (call: string, count: number) => boolean = () => false) {
  const calls: (string | number)[] = [];
  const parameters: Record<string, unknown>[] = [];
  const end = await runStateMachine({
    machine,
    input: INPUT,
    execution: { Id: 'arn', Name: 'name', StartTime: '2026-11-30T05:00:00Z' },
    pause: (seconds) => {
      if (seconds > 60) calls.push(seconds);
      return Promise.resolve();
    },
    call: (resource, given) => {
      const state = (given as { StateValue?: string }).StateValue;
      const call = [resource.split(':').at(-1), state].filter(Boolean).join(' ');
      const count = calls.filter((one) => one === call).length;
      calls.push(call);
      parameters.push(given as Record<string, unknown>);
      if (fails(call, count)) return Promise.reject(new StateError('CloudWatch.InternalService', 'no'));
      if (call === 'getMetricData') {
        return Promise.resolve({ MetricDataResults: [{ Id: 'sound_matched_0', Values: [1] }] });
      }
      return Promise.resolve(
        call === 'getQueueAttributes' ? { Attributes: { ApproximateNumberOfMessages: '2' } } : {},
      );
    },
  });
  return { end, calls, parameters };
}

describe('the proof of the path', () => {
  test('sounds, waits, ends, waits for the metrics, and leaves what was seen', async () => {
    const { end, calls, parameters } = await run();

    expect(calls).toEqual([
      'setAlarmState ALARM',
      180,
      'setAlarmState OK',
      240,
      'getQueueAttributes',
      'getMetricData',
    ]);
    expect(parameters[0]).toMatchObject({ AlarmName: INPUT.alarmName });
    expect(parameters.at(-1)).toMatchObject({
      MetricDataQueries: INPUT.queries,
      StartTime: '2026-11-30T05:00:00Z',
    });
    expect(end).toMatchObject({ status: 'SUCCEEDED' });
    expect(ProofOutput.parse((end as { output: unknown }).output)).toMatchObject({
      alarmName: INPUT.alarmName,
      deadLetters: { Attributes: { ApproximateNumberOfMessages: 2 } },
    });
  });

  test('tries again what AWS refuses for a moment', async () => {
    const { end } = await run((call, count) => call === 'setAlarmState OK' && count < 4);

    expect(end.status).toBe('SUCCEEDED');
  });

  test.each(['setAlarmState ALARM', 'getQueueAttributes', 'getMetricData'])(
    'fails when AWS goes on refusing %s',
    async (refused) => {
      const { end, calls } = await run((call) => call === refused);

      expect(end).toMatchObject({ status: 'FAILED', error: 'CloudWatch.InternalService' });
      // Whatever has begun to sound is over first.
      expect(calls.includes('setAlarmState OK')).toBe(refused !== 'setAlarmState ALARM');
    },
  );

  test('has the states that the command line has words for', () => {
    expect(Object.keys(machine.States).sort()).toEqual([...Object.values(PROOF_STATES), 'Read'].sort());
  });
});
