import { newTraces } from '../../../services/observability/src/tracing/new-traces';

/** How many of so many traces that begin at once are recorded. */
const recorded = (records: () => boolean, traces: number) =>
  Array.from({ length: traces }, records).filter(Boolean).length;

test('records so many of a burst, and again as many as seconds have passed for', () => {
  let now = 5_000;
  const records = newTraces({ sampleRatio: 1, tracesPerSecond: 10 }, () => now);
  expect(recorded(records, 1_000)).toBe(10);
  now += 250;
  expect(recorded(records, 1_000)).toBe(2);
  // The half that was left over is not lost.
  now += 50;
  expect(recorded(records, 1_000)).toBe(1);
});

test('saves no more than one second’s for later', () => {
  let now = 0;
  const records = newTraces({ sampleRatio: 1, tracesPerSecond: 3 }, () => now);
  now += 3_600_000;
  expect(recorded(records, 1_000)).toBe(3);
});

test('records the share alone where that is less', () => {
  let now = 0;
  const records = newTraces({ sampleRatio: 0.05, tracesPerSecond: 1_000 }, () => now++);
  const share = recorded(records, 10_000) / 10_000;
  // Six standard deviations of a binomial of 10,000 at 0.05.
  expect(Math.abs(share - 0.05)).toBeLessThan(0.0131);
});

test('knows no limit unless it is given one, and records nothing at no share', () => {
  expect(recorded(newTraces({ sampleRatio: 1 }), 10_000)).toBe(10_000);
  expect(recorded(newTraces({ sampleRatio: 0, tracesPerSecond: 10 }), 10_000)).toBe(0);
});
