import { described } from '../../cli/console';
import { golive } from './run-main';

describe('golive', () => {
  test.each(['--help', 'help restore', 'backup --help', 'restore --help'])('teaches: %s', async (line) => {
    const help = await golive(...line.split(' '));
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: golive/);
  });

  test('says in its help what its exit codes mean, and shows a restore to type', async () => {
    expect((await golive('--help')).stdout).toContain(
      'Exit codes: 0 done, 1 failed, 2 not understood, 3 not confirmed',
    );
    expect((await golive('restore', '--help')).stdout).toContain('golive restore --undo -y -e prod');
  });

  test.each([
    [['backup', 'list'], 'say which environment'],
    [['restor'], "unknown command 'restor'"],
    [['restore', '--jobs', 'many', '-e', 'prod'], 'expected a whole number from 1 to 999'],
    [['restore', 'one', 'two', '-e', 'prod'], 'too many arguments'],
  ])('%j is not understood: exit code 2', async (args, message) => {
    const refused = await golive(...args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  });
});

describe('progress', () => {
  test('tells amount, share, rate and what is left, and no rate before a second', () => {
    expect(described({ done: 25_000_000, total: 100_000_000, unit: 'bytes' }, 500)).toBe(
      '25.0 MB of 100.0 MB (25 %)',
    );
    expect(described({ done: 25_000_000, total: 100_000_000, unit: 'bytes' }, 5_000)).toBe(
      '25.0 MB of 100.0 MB (25 %), 5.0 MB/s, 15.0 s left',
    );
    expect(described({ done: 0, total: 0, unit: 'entries' }, 5_000)).toBe('0 of 0 entries (0 %)');
    expect(described({ done: 25_000_000, unit: 'bytes' }, 5_000)).toBe('25.0 MB, 5.0 MB/s');
  });
});
