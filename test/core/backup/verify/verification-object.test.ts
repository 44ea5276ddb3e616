import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { manifestKey, parseBackupObjectKey } from '../../../../core/backup/vault-layout';
import { newestVerification, putVerification, verificationKey } from '../../../../core/backup/verify';
import { MANIFEST, rungs, verification } from './fixtures';

const PREFIX = 'dumps/shop/2026/11/23/20261123T020000Z/';
const { backupId } = MANIFEST;
const MANIFEST_KEY = manifestKey('shop', backupId);

function refusal(status: number): S3ServiceException {
  return new S3ServiceException({
    name: `Status${status}`,
    message: `Status${status}`,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });
}

const body = (text: string) => ({ Body: { transformToString: () => Promise.resolve(text) } as never });

describe('the record of a verification', () => {
  const s3 = new S3Client({});
  const mock = mockClient(s3);
  const vault = { s3, bucket: 'vault' };
  beforeEach(() => {
    mock.reset();
  });

  describe('is written', () => {
    test('beside the manifest, under a name by which retention knows whose it is', async () => {
      mock.on(PutObjectCommand).resolves({});
      const key = await putVerification(vault, verification());
      expect(key).toBe(`${PREFIX}verification-20261124T030405Z.json`);
      expect(parseBackupObjectKey(key)).toEqual({ database: 'shop', backupId, role: 'companion' });
      expect(mock.commandCalls(PutObjectCommand)[0]!.args[0].input).toMatchObject({ IfNoneMatch: '*' });
    });

    test('under the next free second when another run ended in the same one', async () => {
      mock.on(PutObjectCommand).rejectsOnce(refusal(412)).resolves({});
      mock.on(GetObjectCommand).resolves(body('another record'));
      const key = await putVerification(vault, verification());
      expect(key).toBe(`${PREFIX}verification-20261124T030406Z.json`);
    });

    test('once, when the answer to the first try was lost', async () => {
      mock.on(PutObjectCommand).rejects(refusal(412));
      mock.on(GetObjectCommand).resolves(body(`${JSON.stringify(verification(), undefined, 2)}\n`));
      const key = await putVerification(vault, verification());
      expect(key).toBe(`${PREFIX}verification-20261124T030405Z.json`);
      expect(mock.commandCalls(PutObjectCommand)).toHaveLength(1);
    });

    test.each([
      [403, 'VerificationNotStoredError', false],
      [503, 'VerificationNotStoredError', true],
      [412, 'VerificationCollisionError', true],
    ])('or not, by name, when S3 says %d', async (status, code, retryable) => {
      mock.on(PutObjectCommand).rejects(refusal(status));
      mock.on(GetObjectCommand).resolves(body('another record'));
      await expect(putVerification(vault, verification())).rejects.toMatchObject({ code, retryable });
    });
  });

  describe('is read', () => {
    const at = (instant: string) => verificationKey('shop', backupId, new Date(instant));
    const objects = new Map<string, string>();

    beforeEach(() => {
      objects.clear();
      objects.set(MANIFEST_KEY, JSON.stringify(MANIFEST));
      mock.on(ListObjectsV2Command).callsFake(({ Prefix = '' }: { Prefix?: string }) => ({
        Contents: [...objects.keys()].filter((key) => key.startsWith(Prefix)).map((Key) => ({ Key })),
      }));
      mock.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => {
        const text = objects.get(Key);
        if (text === undefined) throw refusal(404);
        return body(text);
      });
    });

    const newest = () => newestVerification({ ...vault, database: 'shop', backupId });
    const older = verification(rungs('passed', { smoke: 'not-run' }));
    const put = (instant: string, record: unknown) => objects.set(at(instant), JSON.stringify(record));

    test('as the newest of several, also when it is worse', async () => {
      const worse = verification(rungs('not-run', { bytes: 'failed' }));
      put('2026-11-24T03:04:05Z', older);
      put('2026-11-25T03:04:05Z', worse);
      expect(await newest()).toEqual(worse);
    });

    test.each([
      ['is no record', { anything: true }],
      ['is of another archive', verification(rungs('passed'), { archiveSha256: 'f'.repeat(64) })],
      ['is of another backup', verification(rungs('passed'), { backupId: '20261122T020000Z' })],
      ['is of another database', verification(rungs('passed'), { database: 'warehouse' })],
    ])('passing over one that %s', async (_, record) => {
      put('2026-11-24T03:04:05Z', older);
      put('2026-11-25T03:04:05Z', record);
      expect(await newest()).toEqual(older);
    });

    test('as none, with one request, where there is none', async () => {
      expect(await newest()).toBeUndefined();
      expect(mock.calls()).toHaveLength(1);
    });

    test('as none where the manifest is gone', async () => {
      put('2026-11-24T03:04:05Z', older);
      objects.delete(MANIFEST_KEY);
      expect(await newest()).toBeUndefined();
    });

    test('not at all when S3 does not answer: that is not "never verified"', async () => {
      mock.on(ListObjectsV2Command).rejects(refusal(503));
      await expect(newest()).rejects.toMatchObject({ code: 'VerificationUnavailableError', retryable: true });
    });
  });
});
