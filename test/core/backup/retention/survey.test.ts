import type { DumpCatalogue, RejectedDump } from '../../../../core/backup/catalogue';
import { lastRunOf } from '../../../../core/backup/retention/survey';

const now = new Date('2026-11-23T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

/** @param rejected reasons, with how many hours ago their objects were stored */
function catalogue(newestHours: number | undefined, rejected: [RejectedDump['reason'], number][] = []) {
  return {
    dumps: newestHours === undefined ? [] : [{ storedAt: hoursAgo(newestHours) }],
    rejected: rejected.map(([reason, hours]) => ({ reason, storedAt: hoursAgo(hours) })),
  } as unknown as DumpCatalogue;
}

test.each([
  ['a dump in time', catalogue(20), 'succeeded'],
  ['a dump that is late', catalogue(27), 'failed'],
  ['no dump at all', catalogue(undefined), 'unknown'],
  ['an attempt after it that died', catalogue(20, [['manifest-missing', 2]]), 'failed'],
  ['an attempt after it that is at work', catalogue(20, [['manifest-missing', 0.5]]), 'succeeded'],
  ['an attempt before it that died', catalogue(20, [['manifest-missing', 30]]), 'succeeded'],
  ['something foreign', catalogue(20, [['foreign-object', 2]]), 'succeeded'],
] as const)('the last run, told by %s: %#', (_, listed, outcome) => {
  expect(lastRunOf(listed, now, 26)).toBe(outcome);
});
