import { PassThrough } from 'node:stream';
import { Console } from '../../cli/console';
import type { Environment } from '../../cli/environment';
import { status } from '../../cli/status';
import type { AlarmNow } from '../../core/alerting/describe-alarms';
import {
  type AlarmsNow,
  environmentStatus,
  type EnvironmentStatus,
  type StatusQuestions,
} from '../../core/alerting/status';
import { CHECK_NAMES, type HealthReport } from '../../core/backup/health';
import type { SecretsReport } from '../../core/secrets/status';
import type { ServicesReport } from '../../core/services';
import { operationsOf } from './operations';
import { golive } from './run-main';

const NOW = new Date('2026-11-30T06:00:00.000Z');

function alarm(change: Partial<AlarmNow> = {}): AlarmNow {
  const { severity = 'warning', anchor = 'edge-slow' } = change;
  return {
    environment: 'prod',
    severity,
    anchor,
    name: `golive-prod-${severity}-${anchor}`,
    region: 'eu-central-1',
    state: 'OK',
    since: '2026-11-30T05:00:00.000Z',
    description: `It is ${anchor}. See docs/runbook.md#${anchor}`,
    reason: 'Threshold Crossed',
    isSuppressed: false,
    ...change,
  };
}

function health(observedAt = '2026-11-30T05:30:00.000Z', state: HealthReport['status'] = 'ok'): HealthReport {
  return {
    reportVersion: 1,
    environment: 'prod',
    observedAt,
    status: state,
    checks: CHECK_NAMES.map((name) => ({
      name,
      status: name === 'completeness' ? state : 'ok',
      figure: '3 h 12 min',
      limit: '26 h',
      detail: '',
      runbook: `docs/runbook.md#${name}`,
    })),
  };
}

const rotations: SecretsReport = {
  reportVersion: 1,
  environment: 'prod',
  observedAt: NOW.toISOString(),
  status: 'ok',
  checks: [],
};
const services: ServicesReport = {
  environment: 'prod',
  observedAt: NOW.toISOString(),
  status: 'ok',
  services: [],
};

function ask(change: Partial<StatusQuestions> = {}): Promise<EnvironmentStatus> {
  return environmentStatus({
    environment: 'prod',
    regions: ['eu-central-1'],
    alarmsIn: () => Promise.resolve([alarm()]),
    backups: () => Promise.resolve(health()),
    rotations: () => Promise.resolve(rotations),
    services: () => Promise.resolve(services),
    now: () => NOW,
    ...change,
  });
}

const withAlarms = (...alarms: AlarmNow[]) => ask({ alarmsIn: () => Promise.resolve(alarms) });
const failing = () => Promise.reject(new Error('no way there'));

describe('an environment', () => {
  test('is all right when every part is', async () => {
    expect(await ask()).toMatchObject({ status: 'ok', observedAt: NOW.toISOString() });
  });

  test.each<[string, Partial<AlarmNow>, EnvironmentStatus['status']]>([
    ['a critical alarm sounds', { severity: 'critical', state: 'ALARM' }, 'critical'],
    ['a warning sounds', { state: 'ALARM' }, 'warning'],
    [
      'a critical alarm is kept quiet',
      { severity: 'critical', state: 'ALARM', isSuppressed: true },
      'warning',
    ],
    ['an alarm informs', { severity: 'info', state: 'ALARM' }, 'ok'],
    ['an alarm has no figures', { severity: 'critical', state: 'INSUFFICIENT_DATA' }, 'ok'],
    ['a test alarm sounds', { severity: 'critical', anchor: 'alerting-test', state: 'ALARM' }, 'ok'],
  ])('when %s', async (_, change, expected) => {
    expect(await withAlarms(alarm(), alarm(change))).toMatchObject({ status: expected });
  });

  test('lists what sounds by severity, and then the newest', async () => {
    const found = await withAlarms(
      alarm({ state: 'ALARM', anchor: 'old', since: '2026-11-29T00:00:00.000Z' }),
      alarm({ state: 'ALARM', anchor: 'new' }),
      alarm({ state: 'ALARM', severity: 'critical', anchor: 'worst', since: '2026-11-01T00:00:00.000Z' }),
    );
    const part = found.alarms['eu-central-1'] as { readonly found: AlarmsNow };

    expect(part.found.sounding.map(({ anchor }) => anchor)).toEqual(['worst', 'new', 'old']);
    expect(part.found.total).toBe(3);
  });

  test.each(['alarmsIn', 'backups', 'rotations', 'services'] as const)(
    'whose %s cannot be asked is not called well, and the others are told',
    async (which) => {
      const found = await ask({ [which]: failing });
      const parts = [...Object.values(found.alarms), found.backups, found.rotations, found.services];

      expect(found.status).toBe('unknown');
      expect(parts.filter(({ status: is }) => is === 'ok')).toHaveLength(3);
      expect(parts.filter((part) => 'unreachable' in part)).toEqual([
        { status: 'unknown', unreachable: 'Error: no way there' },
      ]);
    },
  );

  test('is critical also when another part cannot be asked', async () => {
    const sounding = alarm({ severity: 'critical', state: 'ALARM' });
    const found = await ask({ alarmsIn: () => Promise.resolve([sounding]), services: failing });
    expect(found.status).toBe('critical');
  });

  test('without any alarm is not deployed here, and not well', async () => {
    const found = await withAlarms();
    expect(found.status).toBe('unknown');
    expect(JSON.stringify(found.alarms)).toContain('no alarm in eu-central-1 has a name that begins with');
  });

  test('whose monitor left no report, or an old one, is not called well', async () => {
    expect((await ask({ backups: () => Promise.resolve(undefined) })).status).toBe('unknown');
    expect((await ask({ backups: () => Promise.resolve(health('2026-11-30T02:59:00.000Z')) })).status).toBe(
      'warning',
    );
    expect((await ask({ backups: () => Promise.resolve(health('2026-11-30T03:01:00.000Z')) })).status).toBe(
      'ok',
    );
    expect((await ask({ backups: () => Promise.resolve(health(undefined, 'critical')) })).status).toBe(
      'critical',
    );
  });
});

async function run(alarms: readonly AlarmNow[], { json = false, isTTY = false } = {}) {
  let stdout = '';
  const out = Object.assign(new PassThrough(), { isTTY });
  out.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const asked: string[] = [];
  const environment = {
    operations: operationsOf({
      environment: 'prod',
      offsite: { region: 'eu-west-1', bucket: 'replica', lockRequired: true },
    }),
    region: () => Promise.resolve('eu-central-1'),
    alarmsIn: (region: string) => {
      asked.push(region);
      return Promise.resolve(alarms.map((one) => ({ ...one, region })));
    },
    s3: { send: failing },
    secrets: failing,
    services: failing,
  } as unknown as Environment;
  const streams = { stdout: out, stderr: new PassThrough(), stdin: new PassThrough(), env: {} };
  const error: unknown = await status(environment, new Console(streams as never, json), () => NOW).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, stdout, asked };
}

describe('golive status', () => {
  test('says of an alarm since when it sounds, what is wrong, and where to read on', async () => {
    const { error, stdout, asked } = await run([
      alarm({ severity: 'critical', anchor: 'database-unwell', state: 'ALARM' }),
      alarm({ state: 'INSUFFICIENT_DATA' }),
    ]);

    expect(asked).toEqual(['eu-central-1', 'eu-west-1']);
    expect(error).toMatchObject({ code: 'UnhealthyError', status: 'critical' });
    expect(stdout).toMatch(/alarms, eu-central-1 +critical/);
    expect(stdout).toContain('critical: golive-prod-critical-database-unwell, for 1 h 0 min');
    expect(stdout).toContain('look:  docs/runbook.md#database-unwell');
    expect(stdout).toContain('no figures: golive-prod-warning-edge-slow, for 1 h 0 min');
    expect(stdout).toContain('1 alarm of 2 sound');
    expect(stdout).toMatch(/services +unknown\n {2}could not be asked: Error: no way there/);
  });

  test('has an error of its own when a part cannot be asked', async () => {
    expect((await run([alarm()])).error).toMatchObject({ code: 'NotAskedError' });
  });

  test('is one object with --json, and has colours on a terminal alone', async () => {
    const { stdout } = await run([alarm({ state: 'ALARM' })], { json: true });
    expect(JSON.parse(stdout)).toMatchObject({ environment: 'prod', status: 'unknown' });

    const escape = String.fromCharCode(27);
    expect((await run([alarm()])).stdout).not.toContain(escape);
    expect((await run([alarm()], { isTTY: true })).stdout).toContain(escape);
  });

  test('teaches what it is for and what its exit codes say', async () => {
    const help = await golive('status', '--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/What to type first at night/);
    expect(help.stdout).toMatch(/Exit code 0 all right; 5 something is critical; 7 nothing is/);
  });

  test('is not run in the task, which has no right to it', async () => {
    expect(await golive('status', '--in-task', '-e', 'prod')).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
