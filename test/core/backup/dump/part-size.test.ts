import fc from 'fast-check';
import { bufferBytes, MAX_PARTS, partBytes } from '../../../../core/backup/dump/part-size';

const MiB = 1024 ** 2;
const partNumber = fc.integer({ min: 1, max: MAX_PARTS });

function archiveBytesOf(parts: number): number {
  let bytes = 0;
  for (let number = 1; number <= parts; number++) bytes += partBytes(number);
  return bytes;
}

test('10,000 parts hold more than 5 TiB, so their number never ends a dump', () => {
  expect(archiveBytesOf(MAX_PARTS)).toBeGreaterThanOrEqual(5 * 1024 ** 4);
});

test('what a Lambda function can stream in 15 minutes at 100 MiB/s stays in parts of 32 MiB at most', () => {
  let archive = 0;
  let number = 0;
  while (archive < 15 * 60 * 100 * MiB) archive += partBytes(++number);
  expect(partBytes(number)).toBeLessThanOrEqual(32 * MiB);
});

test('no part is smaller than S3 takes (5 MiB) or larger (5 GiB)', () => {
  fc.assert(
    fc.property(partNumber, (number) => partBytes(number) >= 5 * MiB && partBytes(number) <= 5 * 1024 * MiB),
  );
});

test('parts never shrink', () => {
  fc.assert(
    fc.property(partNumber, partNumber, (one, other) => {
      expect(partBytes(Math.min(one, other))).toBeLessThanOrEqual(partBytes(Math.max(one, other)));
    }),
  );
});

test('memory holds 48 MiB while parts are 16 MiB, and always two parts at least, so that one fills while one leaves', () => {
  fc.assert(
    fc.property(partNumber, (number) => {
      const each = partBytes(number);
      expect(bufferBytes(each)).toBe(each === 16 * MiB ? 48 * MiB : 2 * each);
    }),
  );
});

test.each([0, -1, MAX_PARTS + 1, Number.NaN])('there is no part %p', (number) => {
  expect(() => partBytes(number)).toThrow(RangeError);
});
