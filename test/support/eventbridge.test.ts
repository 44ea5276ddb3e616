import { InvalidInputError, matchesPattern, transform } from './eventbridge';

const event = { resources: ['arn:one'], detail: { state: { value: 'ALARM' }, said: 'a "quoted" word' } };
const paths = {
  said: '$.detail.said',
  state: '$.detail.state',
  value: '$.detail.state.value',
  first: '$.resources[0]',
  none: '$.detail.none',
};
const rendered = (InputTemplate: string) => transform({ InputPathsMap: paths, InputTemplate }, event);

describe('an input transformer', () => {
  test('makes a JSON value of a placeholder by itself, whatever it holds', () => {
    expect(JSON.parse(rendered('{"a":<said>,"b":<state>,"c":[<first>]}'))).toEqual({
      a: 'a "quoted" word',
      b: { value: 'ALARM' },
      c: ['arn:one'],
    });
  });

  test('puts text between quotes as it is: a quote in it breaks the message', () => {
    expect(rendered('{"a":"is in <value>"}')).toBe('{"a":"is in ALARM"}');
    expect(() => rendered('{"a":"said: <said>"}')).toThrow(InvalidInputError);
  });

  test('leaves nothing where a path leads to nothing, which breaks a value by itself', () => {
    expect(rendered('{"a":"<none>"}')).toBe('{"a":""}');
    expect(() => rendered('{"a":<none>}')).toThrow(InvalidInputError);
  });

  test('takes an angle bracket for the beginning of a placeholder', () => {
    expect(() => rendered('{"a":"<https://example.com|Runbook>"}')).toThrow(InvalidInputError);
    expect(() => rendered('{"a":<unknown>}')).toThrow(InvalidInputError);
  });

  test('sends lines of text whatever they hold', () => {
    expect(rendered('"<value>:"\n"<said>"')).toBe('"ALARM:"\n"a "quoted" word"');
  });
});

describe('a pattern', () => {
  test.each([
    [{ detail: { state: { value: ['ALARM'] } } }, true],
    [{ detail: { state: { value: ['OK'] } } }, false],
    [{ resources: [{ prefix: 'arn:' }] }, true],
    [{ resources: [{ prefix: 'arn:two' }] }, false],
    [{ detail: { state: { by: [{ exists: false }] } } }, true],
    [{ detail: { state: { value: [{ exists: false }] } } }, false],
    [{ detail: { said: [{ 'anything-but': { prefix: 'b' } }] } }, true],
    [{ detail: { said: [{ 'anything-but': { prefix: 'a' } }] } }, false],
    [{ detail: { none: [{ 'anything-but': { prefix: 'a' } }] } }, false],
  ])('%j: %s', (pattern, expected) => {
    expect(matchesPattern(pattern, event)).toBe(expected);
  });
});
