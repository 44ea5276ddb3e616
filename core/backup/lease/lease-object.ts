import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { dateOfFailure, sendDated } from '../../shared/service-time';
import { jsonOrUndefined } from '../../shared/json';
import { statusOf } from '../../shared/s3-failure';
import { LeaseInvalidError, LeaseUnavailableError } from './errors';
import { LeaseRecord } from './record';

/**
 * S3's servers agree on the time to a second or so, and LastModified is rounded down to a second. For this long
 * after its end, milliseconds, a lease still counts as held.
 */
export const CLOCK_MARGIN_MS = 5_000;

/** What S3 holds, and what time S3 had when it said so. */
export interface Observed {
  readonly record: LeaseRecord;
  readonly etag: string;
  /** When others may take it, by S3's clock. */
  readonly endsAt: Date;
  readonly isFree: boolean;
}

export interface Reading {
  /** Undefined when there is none. */
  readonly observed: Observed | undefined;
  /** The time by S3's clock. */
  readonly at: Date | undefined;
}

/** One lease's object, and the only two things that are ever done to it. */
export class LeaseObject {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    readonly key: string,
  ) {}

  /** @throws LeaseUnavailableError, LeaseInvalidError, and the signal's reason */
  async read(signal?: AbortSignal): Promise<Reading> {
    try {
      const command = new GetObjectCommand({ Bucket: this.bucket, Key: this.key });
      const { output, at } = await sendDated(this.s3, command, signal);
      const record = this.parse((await output.Body?.transformToString('utf-8')) ?? '');
      const writtenAt = output.LastModified ?? at;
      const endsAt = writtenAt.getTime() + record.durationSeconds * 1000 + CLOCK_MARGIN_MS;
      return {
        at,
        observed: {
          record,
          etag: output.ETag ?? '',
          endsAt: new Date(endsAt),
          isFree: record.released || at.getTime() >= endsAt,
        },
      };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof LeaseInvalidError) throw error;
      if (error instanceof Error && error.name === 'NoSuchKey') {
        return { observed: undefined, at: dateOfFailure(error) };
      }
      throw new LeaseUnavailableError(`the lease s3://${this.bucket}/${this.key} could not be read`, error);
    }
  }

  /**
   * Writes only if nobody else has since it was read. Of those who try at the same time one wins.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   *
   * @param expected the ETag that must still be there; undefined for none at all
   * @returns the new ETag; undefined when it was not as expected, or when another write came at the same moment
   * @throws LeaseUnavailableError, and the signal's reason
   */
  async write(
    record: LeaseRecord,
    expected: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const { ETag } = await this.s3.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key: this.key,
          Body: JSON.stringify(record),
          ContentType: 'application/json',
          ChecksumAlgorithm: 'SHA256',
          ...(expected === undefined ? { IfNoneMatch: '*' } : { IfMatch: expected }),
        }),
        signal && { abortSignal: signal },
      );
      return ETag;
    } catch (error) {
      signal?.throwIfAborted();
      // 412: not as expected. 409: another write at the same moment. 404: there is none to match any more.
      const vanished = error instanceof Error && error.name === 'NoSuchKey';
      if (vanished || [409, 412].includes(statusOf(error) ?? 0)) return undefined;
      throw new LeaseUnavailableError(
        `the lease s3://${this.bucket}/${this.key} could not be written`,
        error,
      );
    }
  }

  private parse(text: string): LeaseRecord {
    const parsed = LeaseRecord.safeParse(jsonOrUndefined(text));
    if (parsed.success) return parsed.data;
    throw new LeaseInvalidError(
      `s3://${this.bucket}/${this.key} is no lease that we understand, so nobody knows whether it is held; ` +
        'use the newest version of GoLive, or make sure that nothing runs and delete it',
    );
  }
}
