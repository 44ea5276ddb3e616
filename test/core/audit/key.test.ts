import fc from 'fast-check';
import { auditKey, parseAuditKey } from '../../../core/audit';

const ID = '0b7cba54-60e2-4d6c-9f0f-0c2f8f4f4f10';
const KEY = `audit/2026/11/23/20261123T030405678Z-${ID}.json`;
const anyInstant = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

it('is read back as it was written, and sorts by time', () => {
  expect(auditKey(new Date('2026-11-23T03:04:05.678Z'), ID)).toBe(KEY);
  fc.assert(
    fc.property(anyInstant, anyInstant, (a, b) => {
      expect(parseAuditKey(auditKey(a, ID))).toEqual({ startedAt: a, id: ID });
      expect(auditKey(a, ID) < auditKey(b, ID)).toBe(a < b);
    }),
  );
});

it.each([
  KEY.replace('audit/', 'other/'),
  KEY.replace('2026/11/23', '2026/11/22'),
  KEY.replace('2026/11/23/20261123', '2026/02/30/20260230'),
  `${KEY}.bak`,
  `audit/2026/11/23/20261123T030405678Z-not-a-uuid.json`,
  'audit/',
])('is not %s', (key) => {
  expect(parseAuditKey(key)).toBeUndefined();
});
