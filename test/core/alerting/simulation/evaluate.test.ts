import { type AlarmState, evaluate } from '../../../../core/alerting/simulation/evaluate';

const ALARM = {
  operator: 'GreaterThanThreshold',
  threshold: 10,
  evaluationPeriods: 3,
  datapointsToAlarm: 3,
} as const;

/** As AWS writes them: `0` is within the threshold, `X` beyond, `-` missing. Oldest first. */
const figuresOf = (points: string) => points.split(' ').map((point) => ({ '0': 5, X: 15 })[point]);

const KEPT = 'kept';

/** The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html */
describe.each([
  [3, '0 - X - X', ['OK', 'OK', 'OK', 'OK']],
  [3, '0 - - - -', ['OK', 'OK', 'OK', 'OK']],
  [3, '- - - - -', ['INSUFFICIENT_DATA', KEPT, 'ALARM', 'OK']],
  [3, '0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [3, '- - X - -', ['ALARM', KEPT, 'ALARM', 'OK']],
  [2, '0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [2, '0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [2, '0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
  [2, '- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  [2, '- - - X -', ['ALARM', KEPT, 'ALARM', 'OK']],
  // Too early: the next one may be within the threshold.
  [3, '- - - - X', ['OK', KEPT, 'ALARM', 'OK']],
  [3, '- - - X -', ['OK', KEPT, 'ALARM', 'OK']],
] as const)('%d of 3 periods, in the range %s', (datapointsToAlarm, points, expected) => {
  test.each(
    (['missing', 'ignore', 'breaching', 'notBreaching'] as const).map(
      (missingData, index) => [missingData, expected[index] as AlarmState | typeof KEPT] as const,
    ),
  )('with missing data as %s: %s', (missingData, state) => {
    for (const before of ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const) {
      expect(evaluate({ ...ALARM, datapointsToAlarm, missingData }, figuresOf(points), before)).toBe(
        state === KEPT ? before : state,
      );
    }
  });
});

test('figures before the evaluation range do not count', () => {
  const alarm = { ...ALARM, missingData: 'ignore', evaluationPeriods: 1, datapointsToAlarm: 1 } as const;

  expect(evaluate(alarm, figuresOf('0 X - -'), 'OK')).toBe('ALARM');
  expect(evaluate(alarm, figuresOf('X - - -'), 'OK')).toBe('OK');
});

test.each([
  ['GreaterThanThreshold', [9, 10, 11], ['OK', 'OK', 'ALARM']],
  ['GreaterThanOrEqualToThreshold', [9, 10, 11], ['OK', 'ALARM', 'ALARM']],
  ['LessThanThreshold', [9, 10, 11], ['ALARM', 'OK', 'OK']],
  ['LessThanOrEqualToThreshold', [9, 10, 11], ['ALARM', 'ALARM', 'OK']],
] as const)('%s of 10', (operator, figures, states) => {
  const alarm = {
    ...ALARM,
    operator,
    missingData: 'missing',
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
  } as const;

  expect(figures.map((figure) => evaluate(alarm, [figure], 'OK'))).toEqual(states);
});
