import { standsWithin, withLaterPositions } from '../../../../core/backup/fingerprint/sequences';
import type { SequenceFingerprint } from '../../../../core/backup/fingerprint/types';

const sequence = (
  lastValue: string,
  more: Partial<Omit<SequenceFingerprint, 'lastValue'>> = {},
): SequenceFingerprint => ({
  schema: 'app',
  name: 'orders_id_seq',
  lastValue,
  isCalled: true,
  direction: 1,
  ...more,
});
const at = (lastValue: string, isCalled = true): { lastValue: string; isCalled: boolean } => ({
  lastValue,
  isCalled,
});

describe('a sequence that was restored', () => {
  it('must stand exactly where it stood when nobody used it', () => {
    expect(standsWithin(sequence('41'), at('41'))).toBe(true);
    expect(standsWithin(sequence('41'), at('40'))).toBe(false);
    expect(standsWithin(sequence('41'), at('42'))).toBe(false);
    expect(standsWithin(sequence('1', { isCalled: false }), at('1'))).toBe(false);
  });

  it('may stand anywhere between the two readings when the application went on using it', () => {
    const moved = sequence('41', { movedTo: at('50') });
    expect(['41', '45', '50'].map((value) => standsWithin(moved, at(value)))).toEqual([true, true, true]);
    expect(['40', '51'].map((value) => standsWithin(moved, at(value)))).toEqual([false, false]);
    expect(standsWithin(moved, at('41', false))).toBe(false);
  });

  it('may have been used for the first time in between', () => {
    const moved = sequence('1', { isCalled: false, movedTo: at('3') });
    expect([at('1', false), at('1'), at('3')].map((position) => standsWithin(moved, position))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('is understood when it counts down, cycles, or holds more than a number of JavaScript can', () => {
    const down = sequence('-5', { direction: -1, movedTo: at('-9') });
    expect([standsWithin(down, at('-7')), standsWithin(down, at('-4'))]).toEqual([true, false]);
    const cycles = sequence('99', { direction: 0, movedTo: at('2') });
    expect(standsWithin(cycles, at('100'))).toBe(true);
    const large = sequence('9223372036854775806', { movedTo: at('9223372036854775807') });
    expect([
      standsWithin(large, at('9223372036854775807')),
      standsWithin(large, at('9223372036854775805')),
    ]).toEqual([true, false]);
  });

  it('keeps the first reading and notes the later one only when it moved', () => {
    const first = [sequence('1'), sequence('5', { name: 'still' })];
    const later = [sequence('3'), sequence('5', { name: 'still' })];
    expect(withLaterPositions(first, later)).toEqual([sequence('1', { movedTo: at('3') }), first[1]]);
  });
});
