import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installingAlone } from '../../local/installing-alone';

let folder: string;
let lockFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'golive-test-lock-'));
  lockFile = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('of two that install at once, one waits for the other', async () => {
  let [running, most] = [0, 0];
  const work = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all([installingAlone(work, lockFile), installingAlone(work, lockFile)]);
  expect(most).toBe(1);
  expect(existsSync(lockFile)).toBe(false);
});

test('one that failed holds nobody up, and neither does one that was killed', async () => {
  await expect(installingAlone(() => Promise.reject(new Error('no network')), lockFile)).rejects.toThrow(
    'no network',
  );
  // Linux gives no process so high a number.
  writeFileSync(lockFile, '4194305\n');
  await expect(installingAlone(() => Promise.resolve('installed'), lockFile)).resolves.toBe('installed');
});
