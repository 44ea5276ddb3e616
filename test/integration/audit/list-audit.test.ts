import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  auditKey,
  listAudit,
  recordAudit,
  vaultSink,
  type AuditAction,
  type AuditListing,
  type ListAuditRequest,
} from '../../../core/audit';
import { startEmulator } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { keepAudit } from '../../core/audit/auditor';
import { failOn, noteCommands } from '../../support/s3-client-hooks';

const BUCKET = 'vault';
const ID = '0b7cba54-60e2-4d6c-9f0f-0c2f8f4f4f10';

let supervisor: Supervisor;
let s3: S3Client;
let newClient: () => S3Client;

/** Written in another order than they happened. */
const ACTIONS: readonly (readonly [string, AuditAction])[] = [
  ['2026-11-23T00:00:00.000Z', 'backup.restore'],
  ['2025-12-31T23:59:59.999Z', 'backup.create'],
  ['2026-11-22T23:59:59.999Z', 'backup.create'],
  ['2026-11-23T02:00:00.000Z', 'secret.rotate'],
  ['2026-01-01T00:00:00.000Z', 'backup.prune'],
];

beforeAll(async () => {
  supervisor = Supervisor.start();
  const { aws } = await startEmulator(supervisor, 'eu-central-1');
  newClient = () => new S3Client({ ...aws, forcePathStyle: true });
  s3 = newClient();
  await s3.send(
    new CreateBucketCommand({
      Bucket: BUCKET,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    }),
  );
  const { auditor, unrecorded } = keepAudit({ sinks: [vaultSink(s3, BUCKET)] });
  for (const [startedAt, action] of ACTIONS) {
    const entry = { action, target: startedAt, startedAt: new Date(startedAt), durationMilliseconds: 1 };
    await recordAudit(auditor, entry);
  }
  if (unrecorded[0]) throw unrecorded[0];
});

afterAll(async () => {
  s3?.destroy();
  await supervisor?.stop();
});

async function list(more: Partial<ListAuditRequest> & { since: Date }): Promise<AuditListing[]> {
  const listings: AuditListing[] = [];
  for await (const listing of listAudit({ s3, bucket: BUCKET, ...more })) listings.push(listing);
  return listings;
}

async function targets(more: Partial<ListAuditRequest> & { since: Date }): Promise<string[]> {
  return (await list(more)).map((listing) => ('record' in listing ? listing.record.target : listing.key));
}

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

describe('listing what was done', () => {
  it('gives it oldest first, over days, months and years', async () => {
    expect(await targets({ since: LONG_AGO })).toEqual(ACTIONS.map(([startedAt]) => startedAt).sort());
  });

  it('begins at since and ends before until, to the millisecond', async () => {
    const span = { since: new Date('2026-11-22T23:59:59.999Z'), until: new Date('2026-11-23T02:00:00.000Z') };
    expect(await targets(span)).toEqual(['2026-11-22T23:59:59.999Z', '2026-11-23T00:00:00.000Z']);
    expect(await targets({ since: new Date('2026-11-23T02:00:00.001Z') })).toEqual([]);
  });

  it('gives one action, or all of one kind', async () => {
    expect(await targets({ since: LONG_AGO, action: 'backup.create' })).toHaveLength(2);
    expect(await targets({ since: LONG_AGO, action: 'backup.' })).toHaveLength(4);
    expect(await targets({ since: LONG_AGO, action: 'backup' })).toEqual([]);
  });

  it('follows pages, and asks for none after the end', async () => {
    const client = newClient();
    const sent = noteCommands(client);
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) =>
          next(
            commandName === 'ListObjectsV2Command' ? { ...args, input: { ...args.input, MaxKeys: 2 } } : args,
          ),
      { step: 'initialize', name: 'smallPages' },
    );
    expect(await targets({ s3: client, since: LONG_AGO, concurrency: 1 })).toHaveLength(5);
    expect(sent.filter((command) => command.startsWith('List'))).toHaveLength(3);
    sent.splice(0);
    expect(
      await targets({ s3: client, since: LONG_AGO, until: new Date('2026-01-01T00:00:00Z') }),
    ).toHaveLength(1);
    expect(sent.filter((command) => command.startsWith('List'))).toHaveLength(1);
    client.destroy();
  });

  it('shows what lies in a record’s place and is none', async () => {
    const day = new Date('2027-03-01T00:00:00Z');
    const [first] = await list({ since: new Date('2026-11-23T02:00:00Z') });
    const copied = JSON.stringify(first && 'record' in first ? first.record : undefined);
    const strangers = [
      ['audit/2027/03/01/notes.txt', 'hello', /nothing that GoLive writes/],
      [auditKey(day, ID), 'not JSON', /no audit record of version 1/],
      [auditKey(new Date('2027-03-02T00:00:00Z'), ID), copied, /another action than its key/],
    ] as const;
    for (const [Key, Body] of strangers) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    const found = await list({ since: day, action: 'backup.restore' });
    for (const [key, , why] of strangers) {
      expect(found).toContainEqual({ key, unreadable: expect.stringMatching(why) as unknown });
      await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    }
  });

  it('never overwrites a record', async () => {
    const [first] = await list({ since: LONG_AGO });
    const record = first && 'record' in first ? first.record : undefined;
    if (!record) throw new Error('there is no record');
    await vaultSink(s3, BUCKET).write({ ...record, target: 'forged' });
    expect((await targets({ since: LONG_AGO }))[0]).toBe(record.target);
  });

  it('says when S3 does not give the list, or a record: half a list is not a list', async () => {
    await expect(list({ bucket: 'no-such-vault', since: LONG_AGO })).rejects.toMatchObject({
      code: 'AuditUnavailableError',
      retryable: false,
    });
    const client = newClient();
    failOn(client, (command) =>
      command === 'GetObjectCommand' ? { code: 'SlowDown', status: 503 } : undefined,
    );
    await expect(list({ s3: client, since: LONG_AGO })).rejects.toMatchObject({
      code: 'AuditUnavailableError',
      retryable: true,
    });
    client.destroy();
  });
});
