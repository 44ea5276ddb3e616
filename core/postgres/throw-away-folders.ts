import { execFile } from 'node:child_process';
import { lstat, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive, leftFolders, ownedPrefix } from '../shared/left-folders';
import { unprivilegedUser } from './unprivileged-user';

/** The start of the folders' names; the id of the process that made the folder follows. */
export const THROW_AWAY_PREFIX = 'golive-throw-away-';

/** The cluster's folder, below the server's own. */
export const DATA = 'data';

/** The servers of this process that are there or being made. */
export const ownServers = new Set<object>();

const GRACE_MS = 5_000;

/**
 * Ends the throw-away servers, and removes their folders, that outlived process and supervisor both, as when the
 * kernel kills all of a container. A folder that somebody else made under such a name is not touched.
 *
 * @param parent the temporary folder that the servers were given
 * @returns the folders that were removed
 */
export async function sweepThrowAwayServers(parent = tmpdir()): Promise<string[]> {
  const owners = new Set([process.getuid?.(), (await unprivilegedUser())?.uid]);
  const swept: string[] = [];
  for (const folder of await leftFolders(parent, THROW_AWAY_PREFIX, new Set())) {
    if (ownServers.size > 0 && basename(folder).startsWith(ownedPrefix(THROW_AWAY_PREFIX))) continue;
    const status = await lstat(folder).catch(() => undefined);
    if (!status?.isDirectory() || !owners.has(status.uid)) continue;
    await endServerIn(folder);
    // Its own supervisor may be at it too.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    swept.push(folder);
  }
  return swept;
}

/**
 * Ends the server that the folder's postmaster.pid names, if it is that server: the id may have become somebody
 * else's. Where that can't be known it is left, and ends by itself within a minute of its file's removal.
 */
async function endServerIn(folder: string): Promise<void> {
  const data = join(folder, DATA);
  const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(pidFile, 10);
  if (!isAlive(pid) || !(await argumentsOf(pid)).includes(data)) return;
  process.kill(pid, 'SIGQUIT');
  for (const deadline = performance.now() + GRACE_MS; isAlive(pid); await delay(20)) {
    if (performance.now() < deadline) continue;
    process.kill(pid, 'SIGKILL');
    return;
  }
}

async function argumentsOf(pid: number): Promise<readonly string[]> {
  const fromKernel = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (fromKernel !== undefined) return fromKernel.split('\0');
  const asked = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => undefined);
  return asked?.stdout.trim().split(' ') ?? [];
}
