import { createHash } from 'node:crypto';

/**
 * S3's checksum of an object that came in parts: the SHA-256 of the parts' SHA-256 digests, and after a hyphen
 * the number of parts.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export function compositeChecksum(partDigests: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const digest of partDigests) hash.update(digest);
  return `${hash.digest('base64')}-${partDigests.length}`;
}

/** Whether two composite checksums are of the same bytes. Some S3-compatible stores leave out the number of parts. */
export function sameCompositeChecksum(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && withoutParts(one) === withoutParts(other);
}

// Standard base64 has no hyphen.
function withoutParts(checksum: string): string {
  return checksum.replace(/-\d+$/, '');
}
