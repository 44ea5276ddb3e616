import { crc32 } from 'node:zlib';
import { s3Crc32 } from '../../../../core/backup/dump/s3-crc32';

test('is what S3 writes: the check value of CRC-32 in four bytes, and zeros that lead stay', () => {
  // The check value is CBF43926: https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat-bits.32
  expect(s3Crc32(crc32('123456789'))).toBe(Buffer.from('cbf43926', 'hex').toString('base64'));
  expect(s3Crc32(1)).toBe('AAAAAQ==');
  expect(s3Crc32(0)).toBe('AAAAAA==');
});
