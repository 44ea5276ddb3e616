import { parseRingDatesTag, ringDatesTag } from '../../../../core/secrets/status';

const DATES = {
  versionId: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  currentSince: new Date('2026-10-28T03:00:00.000Z'),
  nextSince: new Date('2026-11-27T03:00:00.000Z'),
};

test.each([
  undefined,
  '',
  'next',
  'version=a current-since=soon',
  'version=a current-since=2026-10-28T03:00:00Z next-since=',
])('what no rotation wrote is no date: %s', (value) => {
  expect(parseRingDatesTag(value)).toBeUndefined();
});

test('the dates of a ring survive a tag, with and without a next key', () => {
  expect(parseRingDatesTag(ringDatesTag(DATES).Value)).toEqual(DATES);
  const alone = { ...DATES, nextSince: undefined };
  expect(parseRingDatesTag(ringDatesTag(alone).Value)).toEqual(alone);
});

test('the tag keeps to what a tag of Secrets Manager may hold', () => {
  const { Key, Value } = ringDatesTag(DATES);
  expect(`${Key}${Value}`).toMatch(/^[\w .:/=+\-@]+$/);
  expect(Value.length).toBeLessThanOrEqual(256);
});
