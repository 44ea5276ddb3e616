import {
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { jsonText, putJson } from '../../shared/json-object';
import { jsonOrUndefined } from '../../shared/json';
import { statusOf } from '../../shared/s3-failure';
import { readManifest } from '../dump/manifest-object';
import { backupIdAt, backupPrefix, manifestKey, type BackupId } from '../vault-layout';
import {
  VerificationCollisionError,
  VerificationNotStoredError,
  VerificationUnavailableError,
} from './errors';
import { Verification } from './record';

export interface Vault {
  readonly s3: S3Client;
  readonly bucket: string;
}

/** Records of the same second: each takes the next second that is free. */
const PUT_ATTEMPTS = 5;

/**
 * `<prefix of the backup>verification-<yyyymmddThhmmssZ>.json`, by the instant at which the run ended, UTC: keys
 * sort by time.
 *
 * @throws RangeError when the date is not a valid instant
 */
export function verificationKey(database: string, backupId: BackupId, finishedAt: Date): string {
  return `${verificationsPrefix(database, backupId)}${backupIdAt(finishedAt)}.json`;
}

/**
 * Writes a record beside its manifest. Records are never overwritten: what an earlier run found stays.
 *
 * @returns the key
 * @throws VerificationNotStoredError, VerificationCollisionError
 */
export async function putVerification({ s3, bucket }: Vault, verification: Verification): Promise<string> {
  const { database, backupId, finishedAt } = Verification.parse(verification);
  const body = jsonText(verification);
  for (let attempt = 0; attempt < PUT_ATTEMPTS; attempt++) {
    const key = verificationKey(database, backupId, new Date(Date.parse(finishedAt) + attempt * 1_000));
    try {
      await putJson(s3, { bucket, key, value: verification, onlyIfNew: true });
      return key;
    } catch (error) {
      // 412: one is there. 409: another is being written.
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      if (![409, 412].includes(statusOf(error) ?? 0)) {
        throw new VerificationNotStoredError(
          `the verification of ${database}/${backupId} could not be written to s3://${bucket}/${key}`,
          error,
        );
      }
      // It may be this very record: the answer to the client's first try was lost.
      if ((await getText({ s3, bucket }, key)) === body) return key;
    }
  }
  throw new VerificationCollisionError(
    `the verification of ${database}/${backupId} found ${PUT_ATTEMPTS} others of the same seconds; see who verifies it at the same time, and verify again`,
  );
}

/**
 * The newest record of a backup that is of the archive its manifest names. What is no record, or of another archive,
 * is passed over.
 *
 * @returns undefined when the backup was never verified, or does not exist
 * @throws VerificationUnavailableError, ManifestAccessError, ManifestInvalidError
 */
export async function newestVerification(
  request: Vault & { readonly database: string; readonly backupId: BackupId },
): Promise<Verification | undefined> {
  const { database, backupId, ...vault } = request;
  const keys = await listKeys(vault, verificationsPrefix(database, backupId));
  // Most backups have none, and their manifests need not be read.
  if (keys.length === 0) return undefined;
  const manifest = await readManifest({ ...vault, key: manifestKey(database, backupId) });
  if (!manifest) return undefined;
  for (const key of keys.sort().reverse()) {
    const parsed = Verification.safeParse(jsonOrUndefined(await getText(vault, key)));
    if (!parsed.success) continue;
    const { data } = parsed;
    const isOfThis = data.database === database && data.backupId === backupId;
    if (isOfThis && data.archiveSha256 === manifest.archive.sha256) return data;
  }
  return undefined;
}

function verificationsPrefix(database: string, backupId: BackupId): string {
  return `${backupPrefix(database, backupId)}verification-`;
}

async function listKeys({ s3, bucket }: Vault, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    let page: ListObjectsV2CommandOutput;
    try {
      page = await s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
    } catch (error) {
      throw new VerificationUnavailableError(`s3://${bucket}/${prefix}* could not be listed`, error);
    }
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}

/** @returns undefined when nothing is there */
async function getText({ s3, bucket }: Vault, key: string): Promise<string | undefined> {
  try {
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await body?.transformToString('utf8');
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw new VerificationUnavailableError(`s3://${bucket}/${key} could not be read`, error);
  }
}
