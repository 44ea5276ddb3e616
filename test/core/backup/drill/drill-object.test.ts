import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { drillKey, listDrills, newestDrill, parseDrillKey, putDrill } from '../../../../core/backup/drill';
import { DRILL_ID, drillRecord } from './fixtures';

const KEY = `drills/2026/11/23/${DRILL_ID}.json`;

function refusal(status: number): S3ServiceException {
  return new S3ServiceException({
    name: `Status${status}`,
    message: `Status${status}`,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });
}

describe('the records of drills', () => {
  const s3 = new S3Client({});
  const mock = mockClient(s3);
  const objects = new Map<string, string | Error>();
  let pageSize: number;

  beforeEach(() => {
    mock.reset();
    objects.clear();
    pageSize = 2;
    mock.on(ListObjectsV2Command).callsFake(list);
    mock.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => {
      const found = objects.get(Key);
      if (found instanceof Error) throw found;
      if (found === undefined) throw refusal(404);
      return { Body: { transformToString: () => Promise.resolve(found) } };
    });
  });

  /** As S3 does: keys in order, folders where a delimiter is given, page after page. */
  function list({ Prefix = '', Delimiter, ContinuationToken }: ListObjectsV2CommandInput) {
    const keys = [...objects.keys()].filter((key) => key.startsWith(Prefix)).sort();
    const entries = Delimiter
      ? [...new Set(keys.map((key) => key.slice(0, key.indexOf('/', Prefix.length) + 1)).filter(Boolean))]
      : keys;
    const from = Number(ContinuationToken ?? 0);
    const page = entries.slice(from, from + pageSize);
    return {
      ...(Delimiter
        ? { CommonPrefixes: page.map((prefix) => ({ Prefix: prefix })) }
        : { Contents: page.map((key) => ({ Key: key })) }),
      ...(from + pageSize < entries.length && { NextContinuationToken: String(from + pageSize) }),
    };
  }

  const put = (drillId: string, changes: object = {}) =>
    objects.set(drillKey(drillId), JSON.stringify(drillRecord({ drillId, ...changes })));

  async function listed(): Promise<string[]> {
    const ids: string[] = [];
    for await (const one of listDrills(s3, 'vault'))
      ids.push('record' in one ? one.record.drillId : one.unreadable);
    return ids;
  }

  describe('are written', () => {
    test('by day, and never over another', async () => {
      mock.on(PutObjectCommand).resolves({});
      expect(await putDrill(s3, 'vault', drillRecord())).toBe(KEY);
      expect(mock.commandCalls(PutObjectCommand)[0]!.args[0].input).toMatchObject({
        Key: KEY,
        IfNoneMatch: '*',
      });
      expect(parseDrillKey(KEY)).toBe(DRILL_ID);
    });

    test('once, when the answer to the client’s first try was lost', async () => {
      mock.on(PutObjectCommand).rejects(refusal(412));
      expect(await putDrill(s3, 'vault', drillRecord())).toBe(KEY);
    });

    test('or it is said what they would have said', async () => {
      mock.on(PutObjectCommand).rejects(refusal(403));
      await expect(putDrill(s3, 'vault', drillRecord())).rejects.toMatchObject({
        code: 'DrillNotStoredError',
        retryable: false,
        message: expect.stringMatching(/ended as passed and its record could not be written/) as string,
      });
    });
  });

  describe('are read', () => {
    const ids = [
      '20250301T030000Z-00000001',
      '20261031T030000Z-00000002',
      '20261101T030000Z-00000003',
      '20261123T030000Z-00000004',
      '20261123T040000Z-00000005',
    ];

    test('oldest first, over as many pages as it takes', async () => {
      [...ids].reverse().forEach((id) => put(id));
      expect(await listed()).toEqual(ids);
    });

    test.each([
      ['no JSON', '{"drillVersion":'],
      ['a record of another version', JSON.stringify({ ...drillRecord(), drillVersion: 2 })],
      ['another drill’s record', JSON.stringify(drillRecord())],
      ['one that S3 refuses', refusal(403)],
      ['one that was deleted just now', refusal(404)],
    ])('with the others, when one of them is %s', async (_, content) => {
      ids.forEach((id) => put(id));
      objects.set(drillKey(ids[4]!), content);
      const [reason] = (await listed()).slice(-1);
      expect(reason).toMatch(/; |allow the role/);
      expect((await listed()).slice(0, 4)).toEqual(ids.slice(0, 4));
      expect((await newestDrill(s3, 'vault'))!.drillId).toBe(ids[3]);
    });

    test('and what lies among them is shown', async () => {
      put(ids[0]!);
      objects.set('drills/notes.txt', 'mine');
      expect(await listed()).toEqual([ids[0], 'it is nothing that GoLive writes; look who put it there']);
    });

    test('the newest, from the last folder backwards, whatever its verdict', async () => {
      pageSize = 1;
      ids.forEach((id) => put(id));
      expect((await newestDrill(s3, 'vault'))!.drillId).toBe(ids[4]);
      expect(mock.commandCalls(GetObjectCommand)).toHaveLength(1);
    });

    test('none, when there never was one', async () => {
      expect(await newestDrill(s3, 'vault')).toBeUndefined();
      expect(await listed()).toEqual([]);
    });

    test('or it is said that nothing is known, when S3 does not answer', async () => {
      put(ids[0]!);
      objects.set(drillKey(ids[0]!), refusal(503));
      await expect(newestDrill(s3, 'vault')).rejects.toMatchObject({
        code: 'DrillsUnavailableError',
        retryable: true,
      });
      mock.on(ListObjectsV2Command).rejects(refusal(403));
      await expect(listed()).rejects.toMatchObject({ code: 'DrillsUnavailableError', retryable: false });
    });
  });
});
