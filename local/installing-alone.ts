import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../core/shared/left-folders';

/** Package managers refuse a second one at once; a large package over a slow line takes this long. */
const PATIENCE_MS = 10 * 60_000;
const LOOK_EVERY_MS = 500;

/**
 * Does something while no other process of this user does it, and waits for one that does. Somebody who was killed
 * meanwhile holds nobody up.
 *
 * @param lockFile @default one for each user of this machine
 */
export async function installingAlone<T>(
  work: () => Promise<T>,
  lockFile = join(tmpdir(), `golive-install-${userInfo().uid}.lock`),
): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await taken(lockFile))) {
    const holder = Number.parseInt(await readFile(lockFile, 'utf8').catch(() => ''), 10);
    // Two may find a dead one's file at once: then one of them removes the other's, and both install, which was so before.
    // Without a number it is being written this moment.
    const isDead = Number.isInteger(holder) && !isAlive(holder);
    if (isDead || Date.now() > until) await rm(lockFile, { force: true });
    else await delay(LOOK_EVERY_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lockFile, { force: true });
  }
}

async function taken(lockFile: string): Promise<boolean> {
  return await writeFile(lockFile, `${process.pid}\n`, { flag: 'wx', mode: 0o600 }).then(
    () => true,
    () => false,
  );
}
