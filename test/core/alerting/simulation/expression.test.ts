import { SimulationError } from '../../../../core/alerting/simulation/alarm';
import { readExpression } from '../../../../core/alerting/simulation/expression';

const valueOf = (expression: string, figures: Record<string, number> = {}) =>
  readExpression(expression)((id) => figures[id]);

describe('metric math', () => {
  test.each([
    ['a + b + c', { a: 1, b: 2, c: 3 }, 6],
    ['a - b - c', { a: 9, b: 2, c: 3 }, 4],
    ['2 + 3 * a', { a: 4 }, 14],
    ['(2 + 3) * a', { a: 4 }, 20],
    ['100 * FILL(errors, 0) / requests', { requests: 50 }, 0],
    ['100 * FILL(errors, 0) / requests', { requests: 50, errors: 5 }, 10],
    ['IF(requests >= 20, slowest, 0)', { requests: 20, slowest: 1.5 }, 1.5],
    ['IF(requests >= 20, slowest, 0)', { requests: 19, slowest: 1.5 }, 0],
    ['SUM([a, b])', { a: 1, b: 2 }, 3],
    ['SUM([a, b])', { b: 2 }, 2],
  ])('%s with %j is %d', (expression, figures, value) => {
    expect(valueOf(expression, figures as Record<string, number>)).toBe(value);
  });

  test.each(['a + 1', 'IF(a > 1, 1, 0)', 'SUM([a])', '1 / 0', 'a'])(
    '%s of what is missing is missing',
    (expression) => {
      expect(valueOf(expression)).toBeUndefined();
    },
  );

  test.each(['RATE(a)', 'a +', 'IF(a', 'a b', 'a ^ 2', '', 'SELECT MAX(a) FROM b', 'FILL(a, 0', '"a"'])(
    '"%s" is refused',
    (expression) => {
      expect(() => valueOf(expression, { a: 1 })).toThrow(SimulationError);
    },
  );

  test('METRICS() is all of them', () => {
    expect(readExpression('SUM(METRICS())', ['a', 'b'])((id) => ({ a: 1, b: 2 })[id])).toBe(3);
  });

  test('a list is no figure', () => {
    expect(() => valueOf('[a, 1]', { a: 1 })).toThrow(/list/);
  });
});
