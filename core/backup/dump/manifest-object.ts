import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { putJson } from '../../shared/json-object';
import { setTimeout as delay } from 'node:timers/promises';
import { Manifest } from '../manifest';
import { ManifestAccessError, ManifestInvalidError } from './errors';
import { mayPass, statusOf } from '../../shared/s3-failure';
import { jsonOrUndefined } from '../../shared/json';
import { saidByS3 } from './s3-advice';

interface Place {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly key: string;
}

const PUT_ATTEMPTS = 5;

/**
 * The manifest that is there, or undefined.
 *
 * @throws ManifestAccessError, ManifestInvalidError
 */
export async function readManifest(place: Place, signal?: AbortSignal): Promise<Manifest | undefined> {
  const text = await getText(place, signal);
  if (text === undefined) return undefined;
  const parsed = Manifest.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw new ManifestInvalidError(
    `s3://${place.bucket}/${place.key} is no manifest that we understand: ${parsed.error.issues
      .map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join(
        '; ',
      )}; a newer version of GoLive may have written it: use that one, or restore the object's former version`,
  );
}

/**
 * Writes the manifest where none is. Of two attempts one wins.
 *
 * @returns the manifest that stands in the vault afterwards: this one or, when another attempt was first, its
 * @throws ManifestAccessError, ManifestInvalidError
 */
export async function putManifest(place: Place, manifest: Manifest): Promise<Manifest> {
  const { s3, bucket, key } = place;
  for (let attempt = 1; ; attempt++) {
    try {
      await putJson(s3, { bucket, key, value: manifest, onlyIfNew: true });
      return manifest;
    } catch (error) {
      // 412: one is there, perhaps ours, when the answer to a first try was lost. 409: another is being written.
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      const isTaken = [409, 412].includes(statusOf(error) ?? 0);
      const winner = isTaken ? await readManifest(place) : undefined;
      if (winner) return winner;
      if (!isTaken || attempt === PUT_ATTEMPTS) {
        throw new ManifestAccessError(
          `the archive is in the vault and s3://${bucket}/${key} could not be written, so this is no backup: ${saidByS3(error)}`,
          { cause: error, retryable: mayPass(error) },
        );
      }
      await delay(100 * 2 ** attempt);
    }
  }
}

/**
 * Lists before it gets: for an object that is not there, S3 answers a get with 403 unless the role may list the
 * whole bucket, and ours may list `dumps/` alone.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
async function getText({ s3, bucket, key }: Place, signal?: AbortSignal): Promise<string | undefined> {
  const options = signal && { abortSignal: signal };
  try {
    const listing = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
    const { Contents: found = [] } = await s3.send(listing, options);
    if (found[0]?.Key !== key) return undefined;
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), options);
    return await body?.transformToString('utf8');
  } catch (error) {
    signal?.throwIfAborted();
    throw new ManifestAccessError(
      `whether s3://${bucket}/${key} exists could not be found out: ${saidByS3(error)}`,
      { cause: error, retryable: mayPass(error) },
    );
  }
}
