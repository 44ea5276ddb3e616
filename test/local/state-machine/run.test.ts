import { parseStateMachine, StateMachineError } from '../../../local/state-machine/definition';
import { runStateMachine } from '../../../local/state-machine/run';
import { StateError } from '../../../local/state-machine/state-error';

type Call = Parameters<typeof runStateMachine>[0]['call'];

const task = (more: object = {}) => ({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', ...more });
const machineOf = (States: object, StartAt = 'A') => parseStateMachine(JSON.stringify({ StartAt, States }));
const runOf = (States: object, call: Call, input: unknown = {}) =>
  runStateMachine({
    machine: machineOf(States),
    input,
    call,
    execution: { Id: 'arn', Name: 'name', StartTime: '2026-05-01T03:00:00Z' },
    pause: () => Promise.resolve(),
  });
const fails = (error: string) => () => Promise.reject(new StateError(error, 'because'));

describe('a state machine, interpreted', () => {
  test.each([
    ['a field that is not played', { A: task({ End: true, HeartbeatSeconds: 5 }) }],
    ['a type that is not played', { A: { Type: 'Map', End: true } }],
    ['a state that is not there', { A: task({ Next: 'B' }) }],
    [
      'a catch that leads nowhere',
      { A: task({ End: true, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }) },
    ],
  ])('is refused for %s', (_, states) => {
    expect(() => machineOf(states)).toThrow(StateMachineError);
  });

  test('a path that is not played is refused and not taken for empty', async () => {
    const states = { A: task({ End: true, Parameters: { 'x.$': '$.a[0]' } }) };
    await expect(runOf(states, () => Promise.resolve({}), { a: [1] })).rejects.toThrow(StateMachineError);
  });

  test('a path that leads to nothing fails it, beyond any catch', async () => {
    const states = {
      A: task({
        Parameters: { 'x.$': '$.missing' },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
        End: true,
      }),
      B: { Type: 'Succeed' },
    };
    expect(await runOf(states, () => Promise.resolve({}))).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
    });
  });

  test('what nobody catches fails it', async () => {
    const states = {
      A: task({ End: true, Catch: [{ ErrorEquals: ['Other'], Next: 'B' }] }),
      B: { Type: 'Succeed' },
    };
    expect(await runOf(states, fails('Mine'))).toEqual({ status: 'FAILED', error: 'Mine', cause: 'because' });
  });

  test.each([
    ['States.TaskFailed', 'Mine', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['States.ALL', 'States.Timeout', true],
    ['Mine', 'Mine', true],
    ['Mine', 'Other', false],
  ])('a catch of %s takes %s: %s', async (caught, thrown, taken) => {
    const states = {
      A: task({ End: true, Catch: [{ ErrorEquals: [caught], ResultPath: '$.failure', Next: 'B' }] }),
      B: { Type: 'Succeed' },
    };
    const end = await runOf(states, fails(thrown), { kept: 1 });
    expect(end.status).toBe(taken ? 'SUCCEEDED' : 'FAILED');
    expect(end).toEqual(
      taken
        ? { status: 'SUCCEEDED', output: { kept: 1, failure: { Error: thrown, Cause: 'because' } } }
        : { status: 'FAILED', error: thrown, cause: 'because' },
    );
  });

  test('a choice that fits nothing fails it', async () => {
    const states = {
      A: { Type: 'Choice', Choices: [{ Variable: '$.x', StringEquals: 'y', Next: 'B' }] },
      B: { Type: 'Succeed' },
    };
    const run = runOf(states, () => Promise.resolve({}), { x: 'z' });
    expect(await run).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  test('a task is given what its parameters say, and its result goes where they say', async () => {
    let given: unknown;
    const states = {
      A: task({
        Parameters: {
          Fixed: 1,
          Deep: [{ 'name.$': '$$.Execution.Name' }],
          'text.$': 'States.JsonToString($.x)',
        },
        ResultSelector: { 'kept.$': '$.Payload' },
        ResultPath: '$.told',
        Next: 'B',
      }),
      B: { Type: 'Succeed' },
    };
    const end = await runOf(
      states,
      (_, parameters) => {
        given = parameters;
        return Promise.resolve({ Payload: 'p', more: true });
      },
      { x: { y: 1 } },
    );
    expect(given).toEqual({ Fixed: 1, Deep: [{ name: 'name' }], text: '{"y":1}' });
    expect(end).toEqual({ status: 'SUCCEEDED', output: { x: { y: 1 }, told: { kept: 'p' } } });
  });
});

describe('a wait', () => {
  test('lasts for its seconds, and passes on what it was given', async () => {
    const waited: number[] = [];
    const end = await runStateMachine({
      machine: machineOf({ A: { Type: 'Wait', Seconds: 180, Next: 'B' }, B: { Type: 'Succeed' } }),
      input: { kept: true },
      call: () => Promise.resolve({}),
      execution: { Id: 'arn', Name: 'name', StartTime: '2026-05-01T03:00:00Z' },
      pause: (seconds) => {
        waited.push(seconds);
        return Promise.resolve();
      },
    });

    expect(waited).toEqual([180]);
    expect(end).toEqual({ status: 'SUCCEEDED', output: { kept: true } });
  });

  test('that leads nowhere, or until an instant, is refused', () => {
    expect(() => machineOf({ A: { Type: 'Wait', Seconds: 1, Next: 'B' } })).toThrow(StateMachineError);
    expect(() =>
      machineOf({
        A: { Type: 'Wait', Timestamp: '2026-05-01T03:00:00Z', Next: 'B' },
        B: { Type: 'Succeed' },
      }),
    ).toThrow(StateMachineError);
  });
});
