import {
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { S3UnavailableError } from '../shared/s3-failure';
import { jsonOrUndefined } from '../shared/json';
import { AUDIT_PREFIX, keysFrom, parseAuditKey } from './key';
import { AuditRecord } from './record';

export interface ListAuditRequest {
  readonly s3: S3Client;
  /** The vault. */
  readonly bucket: string;
  /** Of actions that began then or later. */
  readonly since: Date;
  /** Of actions that began before. @default no end */
  readonly until?: Date | undefined;
  /** Such as `backup.restore`; with a dot at its end, such as `backup.`, everything that begins so. @default all */
  readonly action?: string | undefined;
  /** How many records are read at the same time. @default 16 */
  readonly concurrency?: number | undefined;
}

/** A record, or an object in a record's place that is none: it is shown, for it may hide something. */
export type AuditListing =
  | { readonly key: string; readonly record: AuditRecord }
  | { readonly key: string; readonly unreadable: string };

/** S3 did not give the records, so nothing is known of what was done. */
export class AuditUnavailableError extends S3UnavailableError {
  readonly code = 'AuditUnavailableError';

  constructor(what: string, cause: unknown) {
    super(
      what,
      cause,
      "check the bucket's name and that the role may list the vault, read below audit/ and use its key",
    );
  }
}

/**
 * Reads the records of a span of time, oldest first. Keys sort by time, so the listing begins at `since` and ends
 * at `until` whatever the days between hold: it costs a request for each 1,000 records and one for each record.
 *
 * @throws AuditUnavailableError; RangeError when a date is none
 */
export async function* listAudit(request: ListAuditRequest): AsyncGenerator<AuditListing> {
  const { action, concurrency = 16 } = request;
  for await (const keys of pagesOfKeys(request)) {
    for (let first = 0; first < keys.length; first += concurrency) {
      const chunk = keys.slice(first, first + concurrency);
      for (const listing of await Promise.all(chunk.map((key) => read(request, key)))) {
        if ('unreadable' in listing || matches(listing.record, action)) yield listing;
      }
    }
  }
}

async function* pagesOfKeys({ s3, bucket, since, until }: ListAuditRequest): AsyncGenerator<string[]> {
  const end = until && keysFrom(until);
  const command = (token?: string) =>
    new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: AUDIT_PREFIX,
      ...(token === undefined ? { StartAfter: keysFrom(since) } : { ContinuationToken: token }),
    });
  let token: string | undefined;
  do {
    let page: ListObjectsV2CommandOutput;
    try {
      page = await s3.send(command(token));
    } catch (error) {
      throw new AuditUnavailableError(
        `the audit records of s3://${bucket}/${AUDIT_PREFIX} could not be listed`,
        error,
      );
    }
    const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
    const within = end === undefined ? keys : keys.filter((key) => key < end);
    yield within;
    token = within.length < keys.length ? undefined : page.NextContinuationToken;
  } while (token !== undefined);
}

async function read({ s3, bucket }: ListAuditRequest, key: string): Promise<AuditListing> {
  const place = parseAuditKey(key);
  if (!place) return { key, unreadable: 'it is nothing that GoLive writes; look who put it there' };
  let text: string;
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    text = (await Body?.transformToString('utf-8')) ?? '';
  } catch (error) {
    throw new AuditUnavailableError(`the audit record s3://${bucket}/${key} could not be read`, error);
  }
  const parsed = AuditRecord.safeParse(jsonOrUndefined(text));
  if (!parsed.success) {
    return { key, unreadable: 'it is no audit record of version 1; read it with the newest GoLive' };
  }
  const { id, startedAt } = parsed.data;
  return id === place.id && Date.parse(startedAt) === place.startedAt.getTime()
    ? { key, record: parsed.data }
    : { key, unreadable: 'it speaks of another action than its key; look who copied it there' };
}

function matches({ action }: AuditRecord, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  return wanted.endsWith('.') ? action.startsWith(wanted) : action === wanted;
}
