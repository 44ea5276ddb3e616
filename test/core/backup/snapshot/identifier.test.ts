import fc from 'fast-check';
import { snapshotIdentifier } from '../../../../core/backup/snapshot/identifier';

const AT = new Date('2026-05-01T03:00:00Z');

describe('the name of a snapshot', () => {
  test('says which instance and which instant, and starts as the IAM policy expects', () => {
    expect(snapshotIdentifier('prod-db', AT)).toBe('prod-db-20260501t030000z');
  });

  test('is the same for the same instant, however the event spells it', () => {
    expect(snapshotIdentifier('prod-db', new Date('2026-05-01T05:00:00+02:00'))).toBe(
      snapshotIdentifier('prod-db', AT),
    );
  });

  test('two names that need the same bending do not share a snapshot', () => {
    expect(snapshotIdentifier('a_b', AT)).not.toBe(snapshotIdentifier('a b', AT));
    expect(snapshotIdentifier('x'.repeat(400), AT)).not.toBe(snapshotIdentifier('x'.repeat(401), AT));
  });

  test('is valid for RDS whatever the instance is called', () => {
    const instant = fc.date({
      min: new Date('2020-01-01'),
      max: new Date('2099-12-31'),
      noInvalidDate: true,
    });
    const rdsName = fc.stringMatching(/^[a-z](-?[a-z0-9]){0,62}$/);
    fc.assert(
      fc.property(fc.oneof(rdsName, fc.string({ maxLength: 600 })), instant, (name, at) => {
        const identifier = snapshotIdentifier(name, at);
        expect(identifier.length).toBeLessThanOrEqual(255);
        expect(identifier).toMatch(/^[a-z](-?[a-z0-9])*$/);
      }),
    );
  });
});
