import fc from 'fast-check';
import type { SnapshotCopy } from '../../../../core/backup/offsite/copy';
import { expiredCopies } from '../../../../core/backup/offsite/plan-copies';
import { DAY_MS, START } from '../snapshot/fake-rds';

test('whatever lies there, the newest complete copies of each instance survive a pruning, and a second one', () => {
  const copy = fc.record({
    age: fc.double({ min: -1, max: 400, noNaN: true }),
    dated: fc.constantFrom(true, true, true, false),
    status: fc.constantFrom('available', 'available', 'available', 'creating', 'failed', 'deleting'),
    instanceResourceId: fc.constantFrom('db-ONE', 'db-TWO', 'db-GONE'),
  });
  const region = fc.array(copy, { maxLength: 40 }).map((copies) =>
    copies.map(({ age, dated, ...rest }, index): SnapshotCopy => ({
      ...rest,
      identifier: `copy-${index}`,
      copyOf: `arn:${index}`,
      encryptedWith: undefined,
      capturedAt: dated ? new Date(START.getTime() - age * DAY_MS) : undefined,
    })),
  );
  const present = new Set(['db-ONE', 'db-TWO']);

  fc.assert(
    fc.property(region, fc.nat(60), fc.nat(10), (copies, retentionDays, keepNewest) => {
      const rules = { retentionDays, keepNewest };
      const gone = new Set(expiredCopies(copies, present, rules, START));
      const left = copies.filter(({ identifier }) => !gone.has(identifier));
      const ageOf = ({ capturedAt }: SnapshotCopy) => START.getTime() - (capturedAt?.getTime() ?? NaN);

      for (const removed of copies.filter(({ identifier }) => gone.has(identifier))) {
        expect(removed.status).toBe('available');
        expect(ageOf(removed)).toBeGreaterThanOrEqual(retentionDays * DAY_MS);
        const younger = left.filter(
          (other) =>
            other.instanceResourceId === removed.instanceResourceId &&
            other.status === 'available' &&
            ageOf(other) >= 0 &&
            ageOf(other) <= ageOf(removed),
        );
        expect(younger.length).toBeGreaterThanOrEqual(Math.max(1, keepNewest));
      }
      expect(expiredCopies(left, present, rules, START)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
