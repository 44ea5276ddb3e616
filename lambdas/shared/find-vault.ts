import type { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { readVaultBucket } from '../../core/backup/read-operations';
import { errorCode, toError } from '../../core/observability/jobs/thrown';
import { S3_ADDRESSING } from './s3-client';

/** Where records lie. */
export interface FoundVault {
  readonly s3: S3Client;
  readonly bucket: string;
}

/** What was done is done, and does not wait for its record: who does not answer soon is given up, milliseconds. */
const HURRIED = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
};

const ssm = new SSMClient(HURRIED);
const s3 = new S3Client({ ...S3_ADDRESSING, ...HURRIED });

let known: FoundVault | undefined;

/**
 * Finds the vault at run time, for functions of stacks that are deployed before the vault's. It is asked for once per
 * container, and only when there is something to write.
 *
 * @returns undefined when there is none yet, or it cannot be known, which the log then says: never throws
 */
export async function findVault(environment: string, logger: Logger): Promise<FoundVault | undefined> {
  if (known) return known;
  try {
    const bucket = await readVaultBucket(ssm, environment);
    if (bucket !== undefined) return (known = { s3, bucket });
    logger.warn(`${environment} has no vault yet: the record is on the log alone; deploy the Backup stack`);
  } catch (error) {
    const failure = toError(error);
    logger.error(`the vault was not found, so the record is on the log alone: ${failure.message}`, {
      code: errorCode(failure),
    });
  }
  return undefined;
}
