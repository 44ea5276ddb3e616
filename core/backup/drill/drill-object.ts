import {
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { putJson } from '../../shared/json-object';
import { jsonOrUndefined } from '../../shared/json';
import { statusOf } from '../../shared/s3-failure';
import { DrillNotStoredError, DrillsUnavailableError } from './errors';
import { DRILLS_PREFIX, drillKey, parseDrillKey } from './key';
import { DrillRecord } from './record';

/** A record, or an object in a record's place that is none: it is shown, for it may hide something. */
export type DrillListing =
  | { readonly key: string; readonly record: DrillRecord }
  | { readonly key: string; readonly unreadable: string };

/**
 * Writes a record where none is: none is ever overwritten.
 *
 * @returns the key
 * @throws DrillNotStoredError
 */
export async function putDrill(s3: S3Client, bucket: string, record: DrillRecord): Promise<string> {
  const key = drillKey(DrillRecord.parse(record).drillId);
  try {
    await putJson(s3, { bucket, key, value: record, onlyIfNew: true });
  } catch (error) {
    // The id is random, so what is there is this record: the answer to the client's first try was lost.
    if (statusOf(error) !== 412) {
      throw new DrillNotStoredError(
        `drill ${record.drillId} ended as ${record.verdict} and its record could not be written to s3://${bucket}/${key}`,
        error,
      );
    }
  }
  return key;
}

/**
 * The newest record that can be read, whatever its verdict. Looks from the newest day backwards, so it costs a few
 * requests however many drills there were.
 *
 * @returns undefined when no drill was ever recorded
 * @throws DrillsUnavailableError
 */
export async function newestDrill(s3: S3Client, bucket: string): Promise<DrillRecord | undefined> {
  for (const year of (await foldersOf(s3, bucket, DRILLS_PREFIX)).reverse()) {
    for (const month of (await foldersOf(s3, bucket, year)).reverse()) {
      for (const day of (await foldersOf(s3, bucket, month)).reverse()) {
        const keys: string[] = [];
        for await (const page of pagesBelow(s3, bucket, day)) keys.push(...page);
        for (const key of keys.reverse()) {
          const listing = await read(s3, bucket, key);
          if ('record' in listing) return listing.record;
        }
      }
    }
  }
  return undefined;
}

/**
 * Every record, oldest first, page by page.
 *
 * @throws DrillsUnavailableError
 */
export async function* listDrills(s3: S3Client, bucket: string): AsyncGenerator<DrillListing> {
  for await (const keys of pagesBelow(s3, bucket, DRILLS_PREFIX)) {
    for (let first = 0; first < keys.length; first += READ_AT_ONCE) {
      const chunk = keys.slice(first, first + READ_AT_ONCE);
      yield* await Promise.all(chunk.map((key) => read(s3, bucket, key)));
    }
  }
}

const READ_AT_ONCE = 16;

async function foldersOf(s3: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const folders: string[] = [];
  for await (const page of pages(s3, bucket, { Prefix: prefix, Delimiter: '/' })) {
    folders.push(...(page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []));
  }
  return folders;
}

async function* pagesBelow(s3: S3Client, bucket: string, prefix: string): AsyncGenerator<string[]> {
  for await (const page of pages(s3, bucket, { Prefix: prefix })) {
    yield (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
  }
}

async function* pages(
  s3: S3Client,
  bucket: string,
  what: { readonly Prefix: string; readonly Delimiter?: string },
): AsyncGenerator<ListObjectsV2CommandOutput> {
  let after: { ContinuationToken?: string } = {};
  for (let more = true; more;) {
    let page: ListObjectsV2CommandOutput;
    try {
      page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ...what, ...after }));
    } catch (error) {
      throw new DrillsUnavailableError(
        `the drills of s3://${bucket}/${what.Prefix} could not be listed`,
        error,
      );
    }
    yield page;
    const { NextContinuationToken: token } = page;
    more = token !== undefined;
    if (token !== undefined) after = { ContinuationToken: token };
  }
}

async function read(s3: S3Client, bucket: string, key: string): Promise<DrillListing> {
  const id = parseDrillKey(key);
  if (id === undefined) {
    return { key, unreadable: 'it is nothing that GoLive writes; look who put it there' };
  }
  let text: string;
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    text = (await Body?.transformToString('utf-8')) ?? '';
  } catch (error) {
    // Deleted since it was listed, or one that may not be read: of the others that says nothing.
    const status = statusOf(error);
    if (status === 404 || status === 403) {
      return { key, unreadable: `S3 does not give it (${status}); allow the role to read below drills/` };
    }
    throw new DrillsUnavailableError(`the drill s3://${bucket}/${key} could not be read`, error);
  }
  const parsed = DrillRecord.safeParse(jsonOrUndefined(text));
  if (!parsed.success) {
    return { key, unreadable: 'it is no record of a drill of version 1; read it with the newest GoLive' };
  }
  return parsed.data.drillId === id
    ? { key, record: parsed.data }
    : { key, unreadable: 'it speaks of another drill than its key; look who copied it there' };
}
