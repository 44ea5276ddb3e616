import { PlainAudience } from '../../../local/demo/audience';
import { StepFailed, Steps, Unexpected, type Outcome } from '../../../local/demo/steps';
import { summaryOf } from '../../../local/demo/summary';
import { coloursFor } from '../../../core/shared/colours';
import { age, bytes, counted, duration } from '../../../core/shared/units';

const PLAN = { first: 'The first', second: 'The second', third: 'The third' } as const;
const noColours = coloursFor({}, {});
const fine: Outcome = { result: 'fine', value: 1 };

function start(signal = new AbortController().signal) {
  let shown = '';
  const audience = new PlainAudience((text) => (shown += text), noColours);
  return { steps: new Steps(PLAN, audience, signal), shown: () => shown };
}

describe('the steps of the demo', () => {
  test('a step that fails keeps those that need it from running, and none of them has passed', async () => {
    const { steps } = start();
    await steps.run('first', () => Promise.resolve(fine));
    await expect(
      steps.run('second', () => Promise.reject(new Unexpected('it differs', ['a row']))),
    ).rejects.toThrow(StepFailed);
    const summary = steps.summary();
    expect(summary.map(({ state }) => state)).toEqual(['passed', 'failed', 'not run']);
    expect(summary[1]).toMatchObject({ result: 'it differs', details: ['a row'] });
    const text = summaryOf({ passed: false, durationMs: 1, steps: summary, resources: [] }, noColours);
    expect(text).toContain('1 of 3 steps passed');
    expect(text).toMatch(/The third\s+│ not run/);
  });

  test('a step that nothing needs may fail, and the next one runs', async () => {
    const { steps, shown } = start();
    await steps.attempt('first', () =>
      Promise.reject(Object.assign(new Error('no'), { code: 'NamedError' })),
    );
    await steps.attempt('second', () => Promise.resolve(fine));
    expect(steps.summary().map(({ state }) => state)).toEqual(['failed', 'passed', 'not run']);
    expect(shown()).toContain('✘  1/3  The first');
    expect(shown()).toContain('NamedError: no');
  });

  test('after Ctrl-C a step has not failed: the demo has ended', async () => {
    const controller = new AbortController();
    const { steps } = start(controller.signal);
    const stopped = steps.attempt('first', () => {
      controller.abort(new Error('Ctrl-C'));
      return Promise.reject(new Error('the connection was reset'));
    });
    await expect(stopped).rejects.toThrow('Ctrl-C');
    expect(steps.summary().map(({ state }) => state)).toEqual(['not run', 'not run', 'not run']);
  });
});

test('figures are for people', () => {
  expect([0, 999, 1000, 68_287_491, 5e12].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '68.3 MB',
    '5.0 TB',
  ]);
  expect([5, 8240, 59_999, 65_000].map(duration)).toEqual(['5 ms', '8.2 s', '60.0 s', '1 min 05 s']);
  expect([counted(1, 'row'), counted(700_000, 'row')]).toEqual(['1 row', '700,000 rows']);
  expect([age(300), age(12_400)]).toEqual(['just now', '12 s ago']);
});
