import { readdirSync } from 'node:fs';
import type { AuditRecord } from '../../../core/audit';
import { CHECK_NAMES, readHealth, type HealthReport } from '../../../core/backup/health';
import type { RestoreMark } from '../../../core/backup/restore/side-database';
import { startPlatform, type LocalPlatform } from '../../../local/platform';
import { COMMANDS_FOLDER, golive as runGolive } from '../support/golive';
import { synthesisedLocal } from '../support/synthesised';

let platform: LocalPlatform;
let newest: string;
let older: string;

beforeAll(async () => {
  platform = await startPlatform({ assembly: await synthesisedLocal() });
  await live(`CREATE TABLE orders (id int PRIMARY KEY, note text);
    INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 5000) AS i`);
  older = await fireDump('2026-11-22T02:00:00Z');
  await live('DELETE FROM orders WHERE id > 4000');
  newest = await fireDump('2026-11-23T02:00:00Z');
  await live('DELETE FROM orders');
});

afterAll(() => platform?.stop());

const live = (sql: string) =>
  platform.database.query(platform.database.master, (client) => client.query<{ n: number }>(sql));
const rows = async () => (await live('SELECT count(*)::int AS n FROM orders')).rows[0]!.n;

async function fireDump(at: string): Promise<string> {
  const invocations = await platform.fire('DumpJob', { at: new Date(at) });
  return (invocations.at(-1)!.result as { backupId: string }).backupId;
}

const golive = (...args: string[]) => runGolive(platform, ...args);

const dumpsIn = ({ backups }: { backups: { kind: string }[] }) =>
  backups.filter(({ kind }) => kind === 'dump');

describe('golive backup', () => {
  test('list shows every backup, newest first, for people and for machines, with no colour in a pipe', async () => {
    const shown = await golive('backup', 'list');
    expect(shown).toMatchObject({ exitCode: 0 });
    expect(shown.stdout).toMatch(new RegExp(`${newest}.*dump[\\s\\S]*${older}.*dump`));
    // eslint-disable-next-line no-control-regex -- it is what must not be there
    expect(shown.stdout).not.toMatch(/\u001b/);

    const told = await golive('backup', 'list', '--json');
    const listed = JSON.parse(told.stdout) as { backups: { kind: string }[] };
    expect(listed).toMatchObject({ environment: 'local', rejected: [], unreadable: [] });
    expect(listed.backups.map(({ kind }) => kind)).toEqual([
      'point-in-time',
      'dump',
      'dump',
      'automated-snapshot',
    ]);
    expect(dumpsIn(listed)).toMatchObject([
      { id: newest, checked: false, provable: null },
      { id: older, checked: false },
    ]);
    const checked = JSON.parse((await golive('backup', 'list', '--check', '--json')).stdout) as typeof listed;
    expect(dumpsIn(checked)).toMatchObject([{ checked: true, provable: true }, {}]);
  });

  test('show takes an id, its beginning, or "newest"', async () => {
    const shown = await golive('backup', 'show', 'newest');
    expect(shown.stdout).toContain(newest);
    expect(shown.stdout).toMatch(/SHA-256\s+[0-9a-f]{64}/);
    const told = await golive('backup', 'show', older.slice(0, 8), '--json');
    expect(JSON.parse(told.stdout)).toMatchObject({ id: older, manifest: { backupId: older } });
  });

  test.each([
    ['an id that is none', ['backup', 'show', '2019'], 'no backup is called "2019"'],
    ['a beginning of two', ['backup', 'show', '2026'], '"2026" fits 2 backups'],
    ['an environment that is none', ['backup', 'list', '-e', 'nowhere'], 'there is no environment "nowhere"'],
    ['an unknown option', ['backup', 'list', '--all'], "unknown option '--all'"],
  ])('%s is refused with 2, and what to do', async (_what, args, message) => {
    const refused = await golive(...args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
    expect(refused.stderr).not.toMatch(/^\s+at /m);
  });
});

describe('golive backup verify', () => {
  test('climbs as far as it is asked, keeps the record, and the list shows it', async () => {
    const low = await golive('backup', 'verify', older, '--json');
    expect(low).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(low.stdout)).toMatchObject({ backupId: older, height: 'readable', verified: false });

    const question = 'orders=SELECT count(*) = 5000 FROM public.orders';
    const high = await golive('backup', 'verify', older, '--on-live-server', '--smoke', question, '--json');
    expect(high).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(high.stdout)).toMatchObject({ height: 'smoke', verified: true });
    const { backups } = JSON.parse((await golive('backup', 'list', '--json')).stdout) as {
      backups: { id: string; verified: unknown }[];
    };
    expect(backups.find(({ id }) => id === older)!.verified).toMatchObject({
      height: 'smoke',
      isVerified: true,
    });

    const { rows: left } = await live(`SELECT 1 AS n FROM pg_database WHERE datname LIKE '%\\_\\_restore%'`);
    expect(left).toEqual([]);
  });

  test('ends with 1 when an answer is wrong, and with 2 for a question that is none', async () => {
    const wrong = await golive('backup', 'verify', older, '--on-live-server', '--smoke', 'none=SELECT false');
    expect(wrong).toMatchObject({ exitCode: 1 });
    expect(wrong.stdout).toMatch(/smoke\s.*failed/);
    expect(wrong.stderr).toContain('NotVerifiedError');
    expect(await golive('backup', 'verify', older, '--smoke', 'SELECT')).toMatchObject({ exitCode: 2 });
  });
});

describe('golive backup create and prune', () => {
  test('create takes a dump of this instant, once, and records it', async () => {
    const at = ['--scheduled-for', '2026-11-20T02:00:00Z'];
    const made = await golive('backup', 'create', ...at, '--json');
    expect(made).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(made.stdout)).toMatchObject({ outcome: 'created', backupId: '20261120T020000Z' });
    const again = await golive('backup', 'create', ...at);
    expect(again.stdout).toBe('20261120T020000Z was in the vault already\n');
    expect(again.stderr).toContain('looking at the database');
    const wrong = await golive('backup', 'create', '--scheduled-for', 'tonight');
    expect(wrong).toMatchObject({ exitCode: 2 });
    const told = await golive('audit', '--json', '--action', 'backup.create');
    const records = (JSON.parse(told.stdout) as { record: AuditRecord }[]).map(({ record }) => record);
    // The functions leave theirs, too.
    expect(records.map(({ who }) => who.arn.split(':')[2])).toEqual(['lambda', 'lambda', 'sts', 'sts']);
    expect(records.at(-1)).toMatchObject({
      target: 'dump golive/20261120T020000Z',
      outcome: 'succeeded',
      details: { outcome: 'already-exists' },
    });
  });

  test('prune shows its plan and does nothing unless it must, and never unasked', async () => {
    const planned = await golive('backup', 'prune', '--dry-run', '--json');
    expect(planned).toMatchObject({ exitCode: 0 });
    const plan = JSON.parse(planned.stdout) as { plan: { keep: { id: string }[]; prune: unknown[] } };
    expect(plan).toMatchObject({ dryRun: true, lastRun: 'succeeded', complete: true });
    expect(plan.plan.prune).toEqual([]);
    expect(plan.plan.keep.map(({ id }) => id).sort()).toEqual(['20261120T020000Z', older, newest]);
    const shown = await golive('backup', 'prune');
    expect(shown.stdout).toMatch(/keep-days: younger than 30 days/);
    expect(shown.stdout).toContain('0 of 3 backups would be pruned');
  });
});

describe('the watch', () => {
  test('golive monitor shows seven checks, and ends with 5 while one is critical', async () => {
    const shown = await golive('monitor');
    expect(shown).toMatchObject({ exitCode: 5 });
    expect(shown.stdout).toMatch(/restore-drill\s.*critical/);
    expect(shown.stdout).toMatch(/dump-freshness\s.*ok/);
    expect(shown.stdout).toContain('docs/runbook.md#restore-drill');
    expect(shown.stderr).toContain('UnhealthyError: the backups of local are not in order');
    const told = await golive('monitor', '--json', '--write');
    const report = JSON.parse(told.stdout) as HealthReport;
    expect(report.checks).toHaveLength(7);
    const { s3 } = platform.clients;
    expect(await readHealth(s3, platform.bucket('Vault/Bucket'))).toEqual(report);
  });

  test('the monitor function says the same every hour, and its metrics are what the alarms are on', async () => {
    const [invocation] = await platform.fire('Backup/MonitorJob');
    expect(invocation!.error).toBeUndefined();
    expect(invocation!.result).toMatchObject({ status: 'critical' });
    const metrics = invocation!.logs
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
      .filter((line) => 'BackupHealth' in line);
    expect(metrics.map(({ check }) => check).sort()).toEqual([...CHECK_NAMES].sort());
    for (const metric of metrics) {
      expect(metric).toMatchObject({ service: 'backup-monitor', environment: 'local' });
      const { CloudWatchMetrics } = metric['_aws'] as {
        CloudWatchMetrics: { Namespace: string; Dimensions: string[][] }[];
      };
      expect(CloudWatchMetrics[0]!.Namespace).toBe('GoLive');
      expect(CloudWatchMetrics[0]!.Dimensions.map((names) => [...names].sort())).toEqual([
        ['check', 'environment', 'service'],
      ]);
    }
  });

  test('the retention function prunes nothing here, and leaves its record', async () => {
    const [invocation] = await platform.fire('RetentionJob');
    expect(invocation!.error).toBeUndefined();
    expect(invocation!.result).toMatchObject({ kept: 3, pruned: [], lastRun: 'succeeded' });
    const told = await golive('audit', '--json', '--action', 'backup.prune');
    expect(JSON.parse(told.stdout)).toMatchObject([
      {
        record: {
          outcome: 'succeeded',
          details: { kept: 3 },
          who: { arn: expect.stringContaining(':lambda:') as string },
        },
      },
    ]);
  });
});

test('golive drill restores the newest dump into a server of its own, and then all is in order', async () => {
  const drilled = await golive(
    'drill',
    '--json',
    '--smoke',
    "orders=SELECT to_regclass('public.orders') IS NOT NULL",
  );
  expect(drilled).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(drilled.stdout)).toMatchObject({
    verdict: 'passed',
    metrics: [{ name: 'DrillFailed', value: 0 }, { name: 'RecoveryTime' }],
  });
  const listed = await golive('drill', '--list');
  expect(listed.stdout).toMatch(/passed/);
  const shown = await golive('monitor');
  expect(shown.stdout).toContain('the backups of local are in order');
  expect(shown).toMatchObject({ exitCode: 0 });
  const wrong = await golive('drill', '--smoke', 'none=SELECT false');
  expect(wrong).toMatchObject({ exitCode: 1 });
  expect(wrong.stderr).toContain('DrillNotPassedError');
  expect((await golive('drill', '--backup', '2019')).exitCode).toBe(2);
});

test('golive --in-task says what is missing where there is no Step Functions', async () => {
  const refused = await golive('--in-task', 'restore', 'newest', '--swap');
  expect(refused).toMatchObject({ exitCode: 3 });
  expect(refused.stderr).toContain('a task cannot be asked');
});

test('golive complete prints a script, and suggests what may follow', async () => {
  const script = await golive('complete', 'bash');
  expect(script).toMatchObject({ exitCode: 0 });
  expect(script.stdout).toContain('golive');
  const suggested = await golive('complete', '--', 'backup', '');
  expect(suggested.stdout).toMatch(/^verify\t/m);
  const secrets = await golive('complete', '--', 'secrets', 'rotate', '');
  expect(secrets.stdout).toMatch(/^app\t[\s\S]*^all\t/m);
});

describe('golive secrets', () => {
  test('rotate has the deployed function do it, list shows it, rollback proves and takes it back', async () => {
    const rotated = await golive('secrets', 'rotate', 'app', '--yes', '--json');
    expect(rotated).toMatchObject({ exitCode: 0 });
    const [{ from, to }] = JSON.parse(rotated.stdout) as [{ from: string; to: string }];
    const shown = JSON.parse((await golive('secrets', 'show', 'app', '--json')).stdout) as object;
    expect(shown).toMatchObject({ kind: 'alternating-user', versions: { current: to, previous: from } });
    const back = await golive('secrets', 'rollback', 'app', '--yes', '--json');
    expect(back).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(back.stdout)).toMatchObject({ from: to, to: from });
    const listed = await golive('secrets', 'list');
    expect(listed).toMatchObject({ exitCode: 0 });
    expect(listed.stdout).toMatch(/app\s.*alternating-user\s.*current/);
  });
});

describe('golive restore', () => {
  test('does nothing before somebody says yes, and says so', async () => {
    const asked = await golive('restore', 'newest', '--swap');
    expect(asked).toMatchObject({ exitCode: 3, stdout: '' });
    expect(asked.stderr).toContain('add --yes');
    const vague = await golive('restore', 'newest', '--yes');
    expect(vague).toMatchObject({ exitCode: 2 });
    expect(vague.stderr).toContain('--to-new-database, or --swap');
    const unnamed = await golive('restore', '--swap', '--yes');
    expect(unnamed).toMatchObject({ exitCode: 2 });
    const both = await golive('restore', 'newest', '--swap', '--to-new-database', '--yes');
    expect(both).toMatchObject({ exitCode: 2 });
    expect(await rows()).toBe(0);
  });

  test('restores beside, puts in place with a safety backup first, and takes it back', async () => {
    const beside = await golive(
      'restore',
      older,
      '--to-new-database',
      '--no-safety-backup',
      '--yes',
      '--json',
    );
    expect(beside).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(beside.stdout)).toMatchObject({
      backupId: older,
      outcome: 'restored',
      proof: 'fingerprint',
    });
    expect(await rows()).toBe(0);

    const swapped = await golive('restore', older, '--swap', '--yes', '--json');
    expect(swapped).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(swapped.stdout)).toMatchObject({ outcome: 'resumed', database: 'golive' });
    expect(await rows()).toBe(5000);

    const undone = await golive('restore', '--undo', '--yes');
    expect(undone).toMatchObject({ exitCode: 0 });
    expect(undone.stdout).toContain('is what it was before restore');
    expect(await rows()).toBe(0);
    const nothing = await golive('restore', '--undo', '--yes');
    expect(nothing).toMatchObject({ exitCode: 2 });

    const saved = await golive('restore', newest, '--swap', '--yes');
    expect(saved).toMatchObject({ exitCode: 0 });
    expect(saved.stderr).toMatch(/saving what is live[\s\S]*restoring[\s\S]*comparing with the fingerprint/);
    expect(saved.stdout).toMatch(/proven by its fingerprint/);
    expect(await rows()).toBe(4000);
    const after = JSON.parse((await golive('backup', 'list', '--json')).stdout) as {
      backups: { kind: string }[];
    };
    expect(dumpsIn(after)).toHaveLength(4);
  });

  test('leaves a record of each restore in the vault', async () => {
    const again = await golive(
      'restore',
      newest,
      '--swap',
      '--yes',
      '-e',
      'local',
      '--jobs',
      '2',
      '--no-safety-backup',
    );
    expect(again).toMatchObject({ exitCode: 0 });
    const listed = JSON.parse((await golive('restore', '--list', '--json')).stdout) as RestoreMark[];
    expect(listed.map(({ state }) => state).sort()).toEqual(['retired', 'retired', 'undone']);
    const { restoreId } = listed.find(({ state }) => state === 'undone')!;
    expect(await golive('restore', '--discard', restoreId)).toMatchObject({ exitCode: 3 });
    expect((await golive('restore', '--discard', restoreId, '--yes')).stdout).toMatch(
      /^dropped "golive__restore_/,
    );
    expect(await golive('restore', '--discard', restoreId, '--yes')).toMatchObject({ exitCode: 1 });
    const told = await golive('audit', '--json', '--action', 'backup.restore');
    const records = (JSON.parse(told.stdout) as { record: AuditRecord }[]).map(({ record }) => record);
    expect(records.map(({ details }) => details['to'])).toEqual([
      'new database',
      'in place',
      'undo',
      'in place',
      'in place',
      'discard',
      'discard',
    ]);
    expect(records.at(-1)).toMatchObject({ outcome: 'failed', error: { code: 'RestoreStateError' } });
    expect(records[0]).toMatchObject({
      action: 'backup.restore',
      target: 'database golive',
      environment: 'local',
      outcome: 'succeeded',
      details: { backupId: older, proof: 'fingerprint', safetyBackup: false },
    });
    expect(records[0]!.who.arn).toMatch(/^arn:aws:/);
    const shown = await golive('audit', '--since', '1h');
    expect(shown.stdout).toMatch(/backup\.restore.*database golive.*succeeded/);
    expect(await golive('audit', '--since', 'yesterday')).toMatchObject({ exitCode: 2 });
  });

  test('leaves no file behind', () => {
    expect(readdirSync(COMMANDS_FOLDER)).toEqual([]);
  });
});
