const MiB = 1024 * 1024;

/** Parts are numbered 1 to 10,000. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PARTS = 10_000;

/**
 * How large parts are, up to and including a part number. A dump's size is not known beforehand, so parts
 * start small enough for a small memory and grow, so that their number never ends a dump:
 *
 *     parts           each        archive so far
 *          1 – 2,000    16 MiB      31 GiB
 *      2,001 – 4,000    32 MiB      94 GiB    more than a Lambda function can stream in its 15 minutes
 *      4,001 – 4,500   128 MiB     156 GiB
 *      4,501 – 5,000   512 MiB     406 GiB
 *      5,001 – 10,000    1 GiB   5,406 GiB    more than 5 TiB
 */
const STEPS: readonly { readonly upTo: number; readonly bytes: number }[] = [
  { upTo: 2_000, bytes: 16 * MiB },
  { upTo: 4_000, bytes: 32 * MiB },
  { upTo: 4_500, bytes: 128 * MiB },
  { upTo: 5_000, bytes: 512 * MiB },
  { upTo: MAX_PARTS, bytes: 1024 * MiB },
];

/**
 * The size of a part, bytes; only an archive's last part is smaller.
 *
 * @param partNumber from 1 to 10,000
 * @throws RangeError for any other part number
 */
export function partBytes(partNumber: number): number {
  const step = partNumber >= 1 ? STEPS.find(({ upTo }) => partNumber <= upTo) : undefined;
  if (!step) throw new RangeError(`part number ${partNumber} is not between 1 and ${MAX_PARTS}`);
  return step.bytes;
}

/**
 * How many bytes may lie in memory while parts have this size: those that are filled and those on their way.
 * 48 MiB is three parts of 16 MiB; from then on two parts, so that one fills while one leaves.
 */
export function bufferBytes(bytesPerPart: number): number {
  return Math.max(48 * MiB, 2 * bytesPerPart);
}
