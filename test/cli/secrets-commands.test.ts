import { SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { golive } from './run-main';

const ssm = mockClient(SSMClient);

afterAll(() => ssm.restore());

describe('golive secrets --help', () => {
  test.each(['', 'list', 'rotate', 'rollback', 'set', 'show'])('teaches: secrets %s', async (command) => {
    const help = await golive('secrets', ...(command === '' ? [] : [command]), '--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: golive secrets/);
  });

  test('says what each secret is called, in which order all rotate, and that a leak is not rolled back', async () => {
    expect((await golive('secrets', '--help')).stdout).toContain(
      'Names: master, app, backup, jwt, data, cache, sentry-dsn, pagerduty, slack.',
    );
    expect((await golive('secrets', 'rotate', '--help')).stdout).toMatch(/the master last; one by one/);
    expect((await golive('secrets', 'rollback', '--help')).stdout).toMatch(/Not after a leak/);
  });
});

describe('golive secrets refuses what would put a value where it stays', () => {
  test.each([
    [['secrets', 'set', 'sentry-dsn', '--yes', '--in-task'], /would stay in its history/],
    [['secrets', 'show', 'app', '--reveal', '--yes', '--in-task'], /stay in a log for months/],
    [['secrets', 'set', 'sentry-dsn', 'planted-on-the-command-line', '--yes'], /too many arguments/],
    [['secrets', 'set'], /missing required argument 'name'/],
  ])('%j', async (args, message) => {
    const refused = await golive(...args, '-e', 'prod');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr).not.toContain('planted');
    expect(ssm.calls()).toHaveLength(0);
  });
});
