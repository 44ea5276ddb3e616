import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import {
  PASSFILE_FOLDER_PREFIX,
  sweepLeftPassfiles,
  withLibpqEnvironment,
} from '../../../core/postgres/libpq';

const endpoint = {
  host: 'db.example',
  port: 5432,
  database: 'shop',
  user: 'sh:op',
  password: 'a:b\\c',
  caFile: '/ca.pem',
};
const lend = <T>(use: (environment: Record<string, string>) => Promise<T>) =>
  withLibpqEnvironment(endpoint, 'golive-test', use);
const passfile = (environment: Record<string, string>) => environment['PGPASSFILE']!;

test('the password lies in a file that only we can read, escaped, and nowhere else', async () => {
  await lend((environment) => {
    expect(readFileSync(passfile(environment), 'utf8')).toBe('db.example:5432:*:sh\\:op:a\\:b\\\\c\n');
    expect(statSync(passfile(environment)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(environment)).not.toContain('a:b');
    expect(environment['PGSSLMODE']).toBe('verify-full');
    return Promise.resolve();
  });
});

test('the file is gone afterwards, also when the work fails', async () => {
  let path = '';
  const work = lend((environment) => {
    path = passfile(environment);
    return Promise.reject(new Error('no'));
  });
  await expect(work).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

test('a sweep removes what killed runs left, and nothing that is in use', async () => {
  const { pid: gone } = spawnSync(process.execPath, ['--version']);
  const left = [gone, process.pid].map((pid) =>
    mkdtempSync(join(tmpdir(), `${PASSFILE_FOLDER_PREFIX}${pid}-`)),
  );
  const nameless = join(tmpdir(), `${PASSFILE_FOLDER_PREFIX}x`);
  mkdirSync(nameless);
  const others = mkdtempSync(join(tmpdir(), `${PASSFILE_FOLDER_PREFIX}${process.ppid}-`));
  await lend(async (environment) => {
    expect(await sweepLeftPassfiles()).toBeGreaterThanOrEqual(3);
    expect([...left, nameless].filter(existsSync)).toEqual([]);
    expect(existsSync(others)).toBe(true);
    expect(existsSync(passfile(environment))).toBe(true);
  });
  rmSync(others, { recursive: true });
  const mine = readdirSync(tmpdir()).filter((name) =>
    name.startsWith(`${PASSFILE_FOLDER_PREFIX}${process.pid}-`),
  );
  expect(mine).toEqual([]);
});
