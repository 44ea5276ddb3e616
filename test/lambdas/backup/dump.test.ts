import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { DeadlineReachedError } from '../../../core/backup/dump/errors';
import { takeDump, type DumpRequest, type DumpResult } from '../../../core/backup/dump/take-dump';
import { lambdaContext } from '../shared/lambda-context';
import { scheduledEvent, watchHandler } from '../shared/watched-handler';

jest.mock('../../../core/backup/dump/take-dump');

const EVENT = scheduledEvent();
const PASSWORD = 'not-to-be-printed';
const secrets = mockClient(SecretsManagerClient);
const dumping = jest.mocked(takeDump);
const s3 = mockClient(S3Client);

const result = (outcome: DumpResult['outcome']) =>
  ({
    outcome,
    manifest: {
      backupId: '20260501T030000Z',
      archive: { key: 'dumps/shop/archive.pgdump', bytes: 50_000 },
      source: { sizeBytes: 200_000 },
      fingerprint: { notTaken: 'it was not done in time' },
      startedAt: '2026-05-01T03:00:00.000Z',
      completedAt: '2026-05-01T03:00:10.000Z',
    },
  }) as DumpResult;

describe('the dump function', () => {
  const { printed, metrics } = watchHandler('backup-dump', {
    DATABASE_INSTANCE_IDENTIFIER: 'prod-db',
    DATABASE_RESOURCE_ID: 'db-ABC',
    DATABASE_NAME: 'shop',
    DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db',
    VAULT_BUCKET: 'vault',
    RUNNER: 'function',
    FINGERPRINT_CONNECTIONS: '2',
  });

  beforeEach(() => {
    secrets.reset();
    s3.reset();
    s3.on(PutObjectCommand).resolves({});
    const secret = { host: 'db.internal', port: 5432, username: 'admin', password: PASSWORD };
    secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify(secret) });
    dumping.mockReset().mockResolvedValue(result('created'));
  });

  /** As a cold start does it: the handler is loaded after the environment is there. */
  const invoke = async (event: unknown = EVENT) => {
    const { handler } = await import('../../../lambdas/backup/dump/handler');
    return handler(event, lambdaContext({ remainingMs: 900_000 }));
  };

  test('a failure fails the invocation and is counted', async () => {
    dumping.mockRejectedValue(new DeadlineReachedError('the dump was not done'));
    await expect(invoke()).rejects.toMatchObject({ code: 'DeadlineReachedError' });
    expect(metrics()).toMatchObject({ DumpFailed: 1, FunctionFailures: 1 });
    expect(metrics()).not.toHaveProperty('DumpCompleted');
  });

  test('a secret that describes no database fails it before anything else is touched', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"admin"}' });
    await expect(invoke()).rejects.toMatchObject({ code: 'DatabaseSecretError' });
    expect(dumping).not.toHaveBeenCalled();
    expect(metrics()).toMatchObject({ DumpFailed: 1 });
  });

  test('dumps what its environment and the secret say, for the scheduled instant, within its time', async () => {
    await expect(invoke()).resolves.toEqual({
      outcome: 'created',
      backupId: '20260501T030000Z',
      archive: 'dumps/shop/archive.pgdump',
      bytes: 50_000,
    });
    const request = dumping.mock.calls[0]![0];
    expect(request).toMatchObject({
      bucket: 'vault',
      source: { instanceIdentifier: 'prod-db', dbiResourceId: 'db-ABC' },
      environment: 'prod',
      fingerprint: { connections: 2, limits: {} },
      scheduledFor: new Date('2026-05-01T03:00:00Z'),
      endpoint: { host: 'db.internal', port: 5432, database: 'shop', user: 'admin', password: PASSWORD },
    });
    expect(request.endpoint.caFile).toMatch(/\/rds-ca\.pem$/);
    expect(request.deadline!.getTime() - Date.now()).toBeGreaterThan(800_000);
  });

  test('measures what it has made', async () => {
    await invoke();
    expect(metrics()).toMatchObject({
      DumpCompleted: 1,
      DumpFailed: 0,
      DumpBytes: 50_000,
      DumpDurationSeconds: 10,
      DumpThroughputBytesPerSecond: 5_000,
      DatabaseSizeBytes: 200_000,
      DumpNotFingerprinted: 1,
      service: 'backup-dump',
      environment: 'prod',
    });
  });

  test('counts a backup that was there already as completed, and measures nothing', async () => {
    dumping.mockResolvedValue(result('already-exists'));
    await expect(invoke()).resolves.toMatchObject({ outcome: 'already-exists' });
    expect(metrics()).toMatchObject({ DumpCompleted: 1 });
    expect(metrics()).not.toHaveProperty('DumpBytes');
  });

  test('prints no password, whether it goes well or not', async () => {
    await invoke();
    dumping.mockRejectedValue(new Error(`connection to postgres://admin:${PASSWORD}@db.internal failed`));
    await expect(invoke()).rejects.toThrow();
    expect(printed()).not.toContain(PASSWORD);
  });

  test('stops cleanly at SIGTERM, and listens no longer than it runs', async () => {
    const listeners = process.listenerCount('SIGTERM');
    dumping.mockImplementation(async ({ signal }: DumpRequest) => {
      process.emit('SIGTERM');
      await Promise.resolve();
      expect(signal!.aborted).toBe(true);
      return result('created');
    });
    await invoke();
    expect(process.listenerCount('SIGTERM')).toBe(listeners);
  });
});

describe("the dump function's image", () => {
  const dockerfile = readFileSync(join(__dirname, '../../../lambdas/backup/dump/Dockerfile'), 'utf8');

  test('holds the handler, the command line, the certificate authorities, and nothing else of ours', () => {
    expect(dockerfile).toMatch(
      /^COPY index\.js golive\.js supervisor-process\.mjs rds-ca\.pem \$\{LAMBDA_TASK_ROOT\}\/$/m,
    );
    expect(dockerfile).toMatch(/^CMD \["index\.handler"\]$/m);
  });

  test('is checked when it is built: the client starts, has the version and has zstd', () => {
    expect(dockerfile).toMatch(/env -i PATH="\$PATH" pg_dump --version/);
    expect(dockerfile).toMatch(/--compress=zstd:1/);
  });

  test('has a client as new as the server that we deploy', () => {
    const stack = readFileSync(join(__dirname, '../../../lib/database/postgres.ts'), 'utf8');
    const server = /PostgresEngineVersion\.VER_(\d+)/.exec(stack)?.[1];
    const client = /^ARG POSTGRESQL=(\d+)$/m.exec(dockerfile)?.[1];
    expect(Number(client)).toBeGreaterThanOrEqual(Number(server));
  });
});
