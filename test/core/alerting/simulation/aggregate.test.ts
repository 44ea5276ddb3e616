import { aggregate } from '../../../../core/alerting/simulation/aggregate';
import { SimulationError } from '../../../../core/alerting/simulation/alarm';

const METRIC = { id: 'metric', namespace: 'AWS/RDS', metricName: 'ReadLatency', dimensions: {} };
const samples = [1, 2, undefined, 4, 9, undefined, undefined];

describe('a metric by period', () => {
  test.each([
    ['Sum', 16],
    ['Average', 4],
    ['Minimum', 1],
    ['Maximum', 9],
    ['p50', 2],
    ['p90', 9],
  ])('as its %s is %d', (statistic, figure) => {
    expect(aggregate((minute) => samples[minute], { ...METRIC, statistic }, 5)(4)).toBe(figure);
  });

  test('has no figure where nothing was told', () => {
    const series = aggregate((minute) => samples[minute], { ...METRIC, statistic: 'Sum' }, 2);

    expect(series(6)).toBeUndefined();
    expect(series(5)).toBe(9);
  });

  test('with a statistic that is not known is refused', () => {
    expect(() => aggregate(() => 1, { ...METRIC, statistic: 'TM(10%:90%)' }, 1)).toThrow(SimulationError);
  });
});
