import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Console, type Streams } from '../../../cli/console';
import { drill, type DrillOptions } from '../../../cli/drill';
import type { Environment } from '../../../cli/environment';
import { meterOf } from '../../../cli/meter';
import { listAudit, type AuditRecord } from '../../../core/audit';
import type { DrillRecord } from '../../../core/backup/drill';
import type { LocalPostgres } from '../../../local/postgres';
import { operationsOf } from '../../cli/operations';
import { noRds } from '../backup/drill-support';
import { BUCKET, dump, startDatabaseAndVault } from '../backup/dump-support';

describe('golive drill', () => {
  let postgres: LocalPostgres;
  let s3: S3Client;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ postgres, s3, stop } = await startDatabaseAndVault());
    await postgres.query(postgres.master, (client) =>
      client.query('CREATE TABLE orders AS SELECT n AS id FROM generate_series(1, 100) AS n'),
    );
    await dump(postgres, s3);
  });

  afterAll(() => stop());

  const environment = (): Environment => ({
    operations: operationsOf({ vaultBucket: BUCKET, databaseName: postgres.master.database }),
    s3,
    rds: noRds(),
    clientsIn: () => ({ s3, rds: noRds() }),
    caller: () =>
      Promise.resolve({ account: '123456789012', arn: 'arn:aws:iam::123456789012:user/ada', userId: 'AIDA' }),
    database: () => Promise.resolve(postgres.master),
    databaseToDump: () => Promise.resolve(postgres.master),
    secretsManager: new SecretsManagerClient({ region: 'eu-central-1' }),
    ecs: new ECSClient({ region: 'eu-central-1' }),
    sfn: new SFNClient({ region: 'eu-central-1' }),
    secrets: () => Promise.reject(new Error('no secret is asked for')),
    services: () => Promise.reject(new Error('no service is asked for')),
    alerting: () => Promise.reject(new Error('no route is asked for')),
    sentry: () => Promise.reject(new Error('no rule is asked for')),
    region: () => Promise.resolve('eu-central-1'),
    alarmsIn: () => Promise.resolve([]),
    caFile: () => Promise.resolve(postgres.caFile),
  });

  async function golive(options: DrillOptions, { json = false, path = postgres.binFolder } = {}) {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const streams = { stdout, stderr, stdin: new PassThrough(), env: {} } as unknown as Streams;
    const signal = new AbortController().signal;
    const failure = await drill(environment(), new Console(streams, json), options, {
      path,
      signal,
      meter: meterOf({}),
    }).then(
      () => undefined,
      (error: { code: string; message: string }) => error,
    );
    stdout.end();
    stderr.end();
    return { failure, stdout: await text(stdout), stderr: await text(stderr) };
  }

  async function audits(): Promise<AuditRecord[]> {
    const records: AuditRecord[] = [];
    const since = new Date(Date.now() - 3_600_000);
    for await (const listing of listAudit({ s3, bucket: BUCKET, since, action: 'backup.drill' })) {
      if ('record' in listing) records.push(listing.record);
    }
    return records;
  }

  test('shows each stage with its seconds and the verdict, and is audited', async () => {
    const { failure, stdout, stderr } = await golive({});
    expect(failure).toBeUndefined();
    expect(stdout).toMatch(/restore +│ passed +│ +\d+\.\d/);
    expect(stdout).toMatch(/within the objective of 30 min 00 s/);
    expect(stdout).toMatch(/drill \d{8}T\d{6}Z-[0-9a-f]{8}: passed/);
    expect(stderr).toMatch(
      /starting a throw-away server …[\s\S]*restoring it …[\s\S]*gathering statistics …/,
    );
    expect((await audits()).at(-1)).toMatchObject({
      outcome: 'succeeded',
      details: { verdict: 'passed', recoverySeconds: expect.any(Number) as number },
    });
  });

  test('gives machines the record and what to put into CloudWatch', async () => {
    const { stdout } = await golive({ objectiveMinutes: 5 }, { json: true });
    const told = JSON.parse(stdout) as DrillRecord & { metrics: unknown };
    expect(told).toMatchObject({ verdict: 'passed', objectiveSeconds: 300 });
    expect(told.metrics).toEqual([
      { name: 'DrillFailed', unit: 'Count', value: 0 },
      { name: 'RecoveryTime', unit: 'Seconds', value: told.extrapolatedSeconds },
    ]);
  });

  test('ends with an error when the drill does not pass, shows its table all the same, and is audited', async () => {
    const smoke = [{ name: 'nobody orders', sql: 'SELECT count(*) = 0 FROM orders' }];
    const { failure, stdout } = await golive({ smoke });
    expect(failure).toMatchObject({ code: 'DrillNotPassedError' });
    expect(failure!.message).toMatch(
      /ended as failed: smoke: 1 of 1 failed: nobody orders: it is false; see/,
    );
    expect(stdout).toMatch(/smoke +│ failed/);
    expect((await audits()).at(-1)).toMatchObject({
      outcome: 'failed',
      error: { code: 'DrillNotPassedError' },
      details: { verdict: 'failed' },
    });
  });

  test('ends with an error when what was asked for could not run', async () => {
    const { failure, stdout } = await golive({ snapshot: true });
    expect(failure).toMatchObject({ code: 'DrillNotPassedError' });
    expect(failure!.message).toMatch(/ended as not-run: /);
    expect(stdout).toMatch(/restore +│ passed/);
    expect(stdout).toMatch(/snapshot \(none\)/);
  });

  test('refuses what contradicts itself, and what is no dump', async () => {
    expect((await golive({ snapshot: true, dumpOnly: true })).failure).toMatchObject({ code: 'UsageError' });
    expect((await golive({ backup: '2019' })).failure).toMatchObject({ code: 'BackupNotFoundError' });
  });

  test('lists every drill, oldest first, with the trend of its time', async () => {
    const { stdout } = await golive({ list: true });
    const rows = stdout.split('\n').filter((line) => line.includes('user/ada'));
    expect(rows).toHaveLength(4);
    expect(rows.map((row) => /passed|failed|not-run/.exec(row)?.[0])).toEqual([
      'passed',
      'passed',
      'failed',
      'not-run',
    ]);
    expect(rows[1]).toMatch(/[+−±]\d+ %/);
    expect(stdout).toMatch(/4 drills/);
    const { stdout: told } = await golive({ list: true }, { json: true });
    expect(JSON.parse(told)).toHaveLength(4);
  });
});
