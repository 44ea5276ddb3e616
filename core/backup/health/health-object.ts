import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { putJson } from '../../shared/json-object';
import { jsonOrUndefined } from '../../shared/json';
import { S3UnavailableError, saysS3 } from '../../shared/s3-failure';
import { HEALTH_KEY } from '../vault-layout';
import { HealthReport } from './report';

/** The last report could not be written or read. */
export class HealthObjectError extends S3UnavailableError {
  readonly code = 'HealthObjectError';

  constructor(what: string, cause: unknown) {
    super(what, cause, 'check that the role may read and write below status/ in the vault');
  }
}

/**
 * Leaves the report where others find it. The last one wins: it is a state, and its history is in the metrics.
 *
 * @throws HealthObjectError
 */
export async function putHealth(s3: S3Client, bucket: string, report: HealthReport): Promise<void> {
  try {
    await putJson(s3, { bucket, key: HEALTH_KEY, value: report, onlyIfNew: false });
  } catch (error) {
    throw new HealthObjectError(`${HEALTH_KEY} could not be written`, error);
  }
}

/**
 * The last report; undefined when the monitor never ran, or a newer version of it wrote one that we cannot read.
 *
 * @throws HealthObjectError
 */
export async function readHealth(s3: S3Client, bucket: string): Promise<HealthReport | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: HEALTH_KEY }));
    const text = (await Body?.transformToString('utf-8')) ?? '';
    return HealthReport.safeParse(jsonOrUndefined(text)).data;
  } catch (error) {
    if (saysS3(error, 'NoSuchKey')) return undefined;
    throw new HealthObjectError(`${HEALTH_KEY} could not be read`, error);
  }
}
