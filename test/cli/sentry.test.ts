import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { PassThrough } from 'node:stream';
import { Console } from '../../cli/console';
import { DriftError, EXIT, NotConfirmedError } from '../../cli/errors';
import type { Environment } from '../../cli/environment';
import { sentryApply, sentryPlan } from '../../cli/sentry';
import { SentryNotAppliedError, type SentryOperations } from '../../core/sentry';
import { sentryOperations, rules } from '../core/sentry/operations';
import { MemoryS3 } from '../support/memory-s3';
import { SentryApiDouble } from '../support/sentry-api/double';
import { operationsOf } from './operations';
import { golive, goliveWith } from './run-main';

const ssm = mockClient(SSMClient);
let sentry: SentryApiDouble;

beforeEach(async () => {
  sentry = await SentryApiDouble.start();
  ssm.reset();
});
afterEach(() => sentry.stop());
afterAll(() => ssm.restore());

const asked = (change: object = {}): SentryOperations =>
  sentryOperations({ rules: rules({ url: sentry.url, ...change }) });

async function run(
  command: 'plan' | 'apply',
  { operations = asked(), json = false, yes = false, token = sentry.token } = {},
) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => {
    const sink = new PassThrough();
    sink.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
    return sink;
  };
  const s3 = new MemoryS3();
  const environment = {
    sentry: () => Promise.resolve(operations),
    operations: operationsOf({ environment: 'prod' }),
    s3: s3.client(),
    caller: () =>
      Promise.resolve({ account: '123456789012', arn: 'arn:aws:iam::123456789012:user/jane', userId: 'A' }),
  } as unknown as Environment;
  const streams = { stdout: stream('stdout'), stderr: stream('stderr'), stdin: new PassThrough(), env: {} };
  const output = new Console(streams as never, json);
  const means = { env: { SENTRY_AUTH_TOKEN: token }, signal: new AbortController().signal };
  const error: unknown = await (
    command === 'plan'
      ? sentryPlan(environment, output, means)
      : sentryApply(environment, output, { yes }, means)
  ).catch((thrown: unknown) => thrown);
  const records = [...s3.objects]
    .filter(([path]) => path.startsWith('/vault/audit/'))
    .map(([, { body }]) => JSON.parse(body) as object);
  return { ...written, error, records };
}

describe('golive sentry plan', () => {
  test('shows what is to be made, touches nothing, and says that there is something to do', async () => {
    const { stdout, error } = await run('plan');
    expect(stdout).toContain('+ make alert golive/prod/new-issue\n');
    expect(stdout).toContain('~ change project scrubbing golive\n    sensitiveFields: [] → ["access_key",');
    expect(stdout).toContain('    scrubIPAddresses: false → true\n');
    expect(stdout).toContain(
      'left out: the metric monitor golive/prod/gateway-p95, as sentryRules.spans is false',
    );
    expect(stdout).toMatch(/16 to make, 1 to change; 0 as they should be\n$/);
    expect(error).toBeInstanceOf(DriftError);
    expect(sentry.changes).toEqual([]);
  });

  test('is quiet when there is nothing to do', async () => {
    await run('apply', { yes: true });
    const { stdout, error } = await run('plan');
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/my-company is as configured for prod: 17 things of ours\n$/);
  });

  test('shows what somebody changed by hand, before → after', async () => {
    await run('apply', { yes: true });
    sentry.alerts.find(({ name }) => name.endsWith('/fatal'))!.enabled = false;
    const { stdout, error } = await run('plan');
    expect(stdout).toContain('~ change alert golive/prod/fatal\n    enabled: false → true\n');
    expect(error).toMatchObject({
      message: expect.stringMatching(/prod: 1 change; golive sentry apply/) as string,
    });
  });

  test('--json is one object that says the same', async () => {
    const { stdout, error } = await run('plan', { json: true });
    const plan = JSON.parse(stdout) as { changes: object[] };
    expect(plan).toMatchObject({
      environment: 'prod',
      organization: 'my-company',
      inSync: false,
      unchanged: [],
    });
    expect(plan.changes).toHaveLength(17);
    expect(plan.changes[0]).toMatchObject({
      action: 'update',
      kind: 'project scrubbing',
      name: 'golive',
      changes: expect.arrayContaining([
        { field: 'scrubIPAddresses', before: false, after: true },
      ]) as object[],
    });
    expect(plan.changes[1]).toMatchObject({ action: 'create', fields: { status: 'active' } });
    expect(error).toBeInstanceOf(DriftError);
  });

  test('without a token says where one comes from, before anything is asked', async () => {
    const { error } = await run('plan', { token: '' });
    expect(error).toMatchObject({ code: 'SentryTokenMissingError' });
    expect(sentry.calls).toEqual([]);
  });

  test('shows the token nowhere', async () => {
    sentry.scopes.delete('alerts:read');
    const all = [await run('plan'), await run('plan', { token: 'sntryu_wrong', json: true })];
    const seen = all.map(({ stdout, stderr, error }) => `${stdout}${stderr}${String(error)}`).join('');
    expect(seen).toMatch(/needs the scope alerts:read/);
    expect(seen).toMatch(/does not accept the token/);
    expect(seen).not.toMatch(/sntryu_/);
  });
});

describe('golive sentry apply', () => {
  test('does nothing without a yes, and shows the plan all the same', async () => {
    const { error, stderr } = await run('apply');
    expect(error).toBeInstanceOf(NotConfirmedError);
    expect(stderr).toContain('+ make alert golive/prod/new-issue');
    expect(sentry.changes).toEqual([]);
  });

  test('makes it so and leaves a record of it', async () => {
    const { error, stdout, records } = await run('apply', { yes: true });
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/17 changes done in my-company: it is as configured for prod\n$/);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      action: 'sentry.apply',
      target: 'Sentry organisation my-company',
      outcome: 'succeeded',
      details: { outcomes: expect.arrayContaining(['done: create alert golive/prod/new-issue']) as string[] },
    });
  });

  test('deletes what is ours and not asked for any more, after a yes alone', async () => {
    await run('apply', { yes: true });
    const operations = asked({ slack: undefined });
    const unsaid = await run('apply', { operations });
    expect(unsaid.error).toBeInstanceOf(NotConfirmedError);
    expect(unsaid.stderr).toContain(
      '- delete alert golive/prod/regression  (it is ours by its name, and nothing asks for it any more)',
    );
    expect(sentry.alerts).toHaveLength(11);
    expect((await run('apply', { operations, yes: true })).error).toBeUndefined();
    expect(sentry.alerts).toHaveLength(7);
  });

  test('that could not do everything says what and why, and the next one finishes', async () => {
    sentry.faults.push({ when: /^POST .*\/monitors\/$/, answer: 400, times: 3 });
    const { error, stdout, records } = await run('apply', { yes: true });
    expect(error).toBeInstanceOf(SentryNotAppliedError);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^3 changes of 17 not done: golive\/prod\/backup-dump \(SentryRefusedError\)/,
      ) as string,
    });
    expect(stdout).toContain('failed: make cron monitor golive/prod/backup-dump: SentryRefusedError: ');
    expect(stdout).toMatch(/14 changes done in my-company, 3 not\n$/);
    expect(records).toMatchObject([{ outcome: 'failed' }]);

    const again = await run('apply', { yes: true, json: true });
    expect(again.error).toBeUndefined();
    const { outcomes } = JSON.parse(again.stdout) as { outcomes: { outcome: string }[] };
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
    expect((await run('plan')).error).toBeUndefined();
  });

  test('asks nobody when there is nothing to do', async () => {
    await run('apply', { yes: true });
    const { error, stdout } = await run('apply', { json: true });
    expect(error).toBeUndefined();
    expect(JSON.parse(stdout)).toMatchObject({ inSync: true, outcomes: [] });
  });
});

describe('the command line', () => {
  const stored = (value: unknown) => {
    ssm
      .on(GetParameterCommand, { Name: '/golive/prod/operations' })
      .resolves({ Parameter: { Value: JSON.stringify(operationsOf({ environment: 'prod' })) } });
    const parameter = ssm.on(GetParameterCommand, { Name: '/golive/prod/sentry' });
    if (value instanceof Error) parameter.rejects(value);
    else parameter.resolves({ Parameter: { Value: JSON.stringify(value) } });
  };

  test('teaches: whose token, which scopes, what the exit codes say', async () => {
    const help = await golive('sentry', '--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/Scopes of the token: org:read, project:read, project:write/);
    expect((await golive('sentry', 'plan', '--help')).stdout).toMatch(/6 something to do/);
    expect((await golive('--help')).stdout).toMatch(/of golive sentry plan: 6/);
  });

  test('drift has an exit code of its own', async () => {
    stored(asked());
    const { exitCode, stderr } = await goliveWith(
      { SENTRY_AUTH_TOKEN: sentry.token },
      'sentry',
      'plan',
      '-e',
      'prod',
    );
    expect(stderr).toMatch(/^DriftError: /m);
    expect(exitCode).toBe(EXIT.drift);
    expect(exitCode).toBe(6);
  });

  test('an environment without rules gets one clear message', async () => {
    stored(new ParameterNotFound({ message: 'no', $metadata: {} }));
    const { exitCode, stderr } = await golive('sentry', 'plan', '-e', 'prod');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^SentryRulesNotFoundError: "prod" has no rules for Sentry in this account and region: set "sentryRules"/,
    );
  });

  test('rules of another version do, too', async () => {
    stored({ sentryVersion: 2 });
    expect((await golive('sentry', 'plan', '-e', 'prod')).stderr).toMatch(
      /written by another version of GoLive/,
    );
  });

  test('is not run in the task', async () => {
    const { exitCode, stderr } = await golive('sentry', 'plan', '--in-task', '-e', 'prod');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/run golive sentry here/);
  });
});
