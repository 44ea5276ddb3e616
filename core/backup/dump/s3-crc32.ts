/**
 * A CRC-32 as S3 writes it: four bytes, the most significant first, in base64. Taken over a whole object it does
 * not depend on how the object was cut into parts, so a copy of the object has the same.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 *
 * @param crc as `zlib.crc32` gives it, 0 to 2³² − 1
 */
export function s3Crc32(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
