import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { latestManifest } from '../../../core/backup/catalogue/latest-manifest';
import { DeadlineReachedError } from '../../../core/backup/dump/errors';
import { takeDump, type DumpResult } from '../../../core/backup/dump/take-dump';
import type { Manifest } from '../../../core/backup/manifest';
import { lambdaContext } from '../shared/lambda-context';
import { scheduledEvent, watchHandler } from '../shared/watched-handler';

jest.mock('../../../core/backup/dump/take-dump');
jest.mock('../../../core/backup/catalogue/latest-manifest');

const EVENT = scheduledEvent();
const secrets = mockClient(SecretsManagerClient);
const s3 = mockClient(S3Client);
const dumping = jest.mocked(takeDump);
const latest = jest.mocked(latestManifest);
const created = {
  outcome: 'created',
  manifest: {
    backupId: '20260501T030000Z',
    archive: { key: 'dumps/shop/archive.pgdump', bytes: 50_000 },
    source: { sizeBytes: 200_000 },
    fingerprint: { notTaken: 'this is a test' },
    startedAt: '2026-05-01T03:00:00.000Z',
    completedAt: '2026-05-01T03:00:10.000Z',
  },
} as DumpResult;

describe('the dump function, where a task stands by', () => {
  const last = (seconds: number) =>
    ({
      archive: { format: 'custom' },
      source: { sizeBytes: 1e9 },
      startedAt: '2026-04-30T03:00:00Z',
      completedAt: new Date(Date.parse('2026-04-30T03:00:00Z') + seconds * 1000).toISOString(),
    }) as Manifest;
  watchHandler('backup-dump', {
    DATABASE_INSTANCE_IDENTIFIER: 'prod-db',
    DATABASE_RESOURCE_ID: 'db-ABC',
    DATABASE_NAME: 'shop',
    DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db',
    VAULT_BUCKET: 'vault',
    FINGERPRINT_CONNECTIONS: '2',
    RUNNER: 'auto',
  });

  beforeEach(() => {
    s3.reset();
    s3.on(PutObjectCommand).resolves({});
    const secret = { host: 'db.internal', port: 5432, username: 'admin', password: 'not-to-be-printed' };
    secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify(secret) });
    dumping.mockReset().mockResolvedValue(created);
  });

  const invoke = async () => {
    const { handler } = await import('../../../lambdas/backup/dump/handler');
    return handler(EVENT, lambdaContext({ remainingMs: 900_000 }));
  };

  test('takes what the last dump says it can', async () => {
    latest.mockResolvedValue(last(100));
    await expect(invoke()).resolves.toMatchObject({ outcome: 'created' });
  });

  test('hands over what came near its time, for the same instant, with the reason', async () => {
    latest.mockResolvedValue(last(700));
    await expect(invoke()).resolves.toEqual({
      outcome: 'handed-over',
      scheduledFor: '2026-05-01T03:00:00.000Z',
      reason: expect.stringContaining('700 s') as string,
    });
    expect(dumping).not.toHaveBeenCalled();
  });

  test('hands over what it could not finish: the dump of that instant is not lost', async () => {
    latest.mockResolvedValue(last(100));
    dumping.mockRejectedValue(new DeadlineReachedError('the dump was not done in time'));
    await expect(invoke()).resolves.toMatchObject({
      outcome: 'handed-over',
      reason: 'the dump was not done in time',
    });
  });
});
