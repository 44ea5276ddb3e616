import { SimulationError } from '../../../../core/alerting/simulation/alarm';
import { readRule, Suppression } from '../../../../core/alerting/simulation/composite';
import type { AlarmState } from '../../../../core/alerting/simulation/evaluate';

const holds = (rule: string, ...sounding: string[]) =>
  readRule(rule).holds((name): AlarmState => (sounding.includes(name) ? 'ALARM' : 'OK'));

describe('the rule of a composite alarm', () => {
  test('holds as its children are', () => {
    const rule = '(ALARM("a") OR ALARM("b")) AND (NOT (ALARM("c")))';

    expect(readRule(rule).children).toEqual(['a', 'b', 'c']);
    expect(holds(rule)).toBe(false);
    expect(holds(rule, 'a')).toBe(true);
    expect(holds(rule, 'b')).toBe(true);
    expect(holds(rule, 'a', 'c')).toBe(false);
  });

  test('AND comes before OR', () => {
    const rule = 'ALARM(a) OR ALARM(b) AND ALARM(c)';

    expect(holds(rule, 'a')).toBe(true);
    expect(holds(rule, 'b')).toBe(false);
  });

  test('a child without enough data does not sound', () => {
    expect(readRule('ALARM("a")').holds(() => 'INSUFFICIENT_DATA')).toBe(false);
  });

  test.each([
    'OK("a")',
    'ALARM("a"',
    'ALARM("a") ALARM("b")',
    '(ALARM("a")',
    'AT_LEAST(1, ALARM, ("a"))',
    '',
  ])('"%s" is refused', (rule) => {
    expect(() => readRule(rule)).toThrow(SimulationError);
  });
});

/** A letter for each minute: `A` in ALARM, `o` OK. The answer has `T` where somebody is told. */
function tells(alarm: string, suppressor: string, [waitSeconds, extensionSeconds] = [120, 180]): string {
  const suppression = new Suppression({ alarm: 'quiet', waitSeconds, extensionSeconds });
  const stateOf = (letter: string | undefined): AlarmState => (letter === 'A' ? 'ALARM' : 'OK');
  return [...alarm]
    .map((letter, minute) =>
      suppression.tells(minute, stateOf(letter), stateOf(suppressor[minute])) ? 'T' : '.',
    )
    .join('');
}

describe('a composite alarm with a suppressor', () => {
  test.each([
    ['waits for it, and tells when it does not come', 'oAAAAAo', 'ooooooo', '...TTT.'],
    ['does not tell while it sounds', 'oAAAAAo', 'ooAAAAA', '.......'],
    ['tells when it has been over for its extension', 'oAAAAAAAAo', 'oAAAoooooo', '.......TT.'],
    ['does not tell what is over before', 'oAAAAAoooo', 'oAAAAooooo', '..........'],
    ['goes on telling what it has told', 'oAAAAAAAAo', 'ooooAAAAAo', '...TTTTTT.'],
    ['tells of what begins anew', 'AAAoAAAA', 'oooooooo', '..T...TT'],
  ])('%s', (_, alarm, suppressor, told) => {
    expect(tells(alarm, suppressor)).toBe(told);
  });

  test('tells at once without one', () => {
    const suppression = new Suppression(undefined);

    expect(suppression.tells(0, 'ALARM', 'OK')).toBe(true);
    expect(suppression.tells(1, 'OK', 'OK')).toBe(false);
  });
});
