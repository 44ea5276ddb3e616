import { createHash } from 'node:crypto';
import { compositeChecksum, sameCompositeChecksum } from '../../../../core/backup/dump/composite-checksum';

const digest = (text: string) => createHash('sha256').update(text).digest();

test("is the hash of the parts' hashes with the number of parts, as S3 writes it", () => {
  // printf a | openssl dgst -sha256 -binary > d; printf b | openssl dgst -sha256 -binary >> d; openssl dgst -sha256 -binary d | base64
  expect(compositeChecksum([digest('a'), digest('b')])).toBe(
    '5aAf7hTg7VxIcU8iGA8lrYNltT+XefedxKPX6Tlj+Uo=-2',
  );
});

test('is the same with and without the number of parts, and for nothing else', () => {
  const checksum = compositeChecksum([digest('a'), digest('b')]);
  expect(sameCompositeChecksum(checksum, checksum.replace(/-2$/, ''))).toBe(true);
  expect(sameCompositeChecksum(checksum, compositeChecksum([digest('b'), digest('a')]))).toBe(false);
  expect(sameCompositeChecksum(checksum, undefined)).toBe(false);
  expect(sameCompositeChecksum(undefined, undefined)).toBe(false);
});
