import { SecretsManagerClient, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { SentryDsn } from '../../../services/frontend/src/server/sentry-dsn';
import { keptLog } from './support/runtime';

const DSN = 'https://public@o1.ingest.example/42';

describe("Sentry's DSN", () => {
  const secretsManager = mockClient(SecretsManagerClient);
  let now: number;
  let kept: ReturnType<typeof keptLog>;
  let dsn: SentryDsn;

  beforeEach(() => {
    secretsManager.reset();
    now = 0;
    kept = keptLog();
    dsn = new SentryDsn({
      secretId: 'golive/test/sentry-dsn',
      secretsManager: () => Promise.resolve(new SecretsManagerClient({ region: 'eu-central-1' })),
      log: kept.log,
      lifetimeMs: 1_000,
      now: () => now,
    });
  });

  const holds = (SecretString: string) => secretsManager.on(GetSecretValueCommand).resolves({ SecretString });

  it('that cannot be read is none, which is said once and keeps no page waiting', async () => {
    secretsManager.on(GetSecretValueCommand).rejects(new Error('no access'));
    expect(await dsn.read()).toBeUndefined();
    now = 5_000;
    expect(await dsn.read()).toBeUndefined();
    expect(dsn.current()).toBeUndefined();
    expect(kept.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('that nobody has set is none', async () => {
    holds('{}');
    expect(await dsn.read()).toBeUndefined();
  });

  it('is known to pages once it was read, and is not read for each of them', async () => {
    holds(JSON.stringify({ dsn: DSN }));
    expect(dsn.current()).toBeUndefined();
    await dsn.read();
    expect([dsn.current(), dsn.current()]).toEqual([DSN, DSN]);
    expect(secretsManager.commandCalls(GetSecretValueCommand)).toHaveLength(1);
  });

  it('that somebody changes is picked up behind the pages, and the old one stays while it cannot be read', async () => {
    holds(DSN);
    await dsn.read();
    now = 2_000;
    secretsManager.on(GetSecretValueCommand).rejects(new Error('throttled'));
    await dsn.read();
    expect(dsn.current()).toBe(DSN);
    now = 4_000;
    holds(DSN.replace('42', '43'));
    expect(dsn.current()).toBe(DSN);
    await dsn.read();
    expect(dsn.current()).toBe(DSN.replace('42', '43'));
  });
});
