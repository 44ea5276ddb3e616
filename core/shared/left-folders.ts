import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The start of a temporary folder's name that says whose it is: the prefix, and the id of this process. */
export function ownedPrefix(prefix: string): string {
  return `${prefix}${process.pid}-`;
}

/**
 * Folders that were made with {@link ownedPrefix} and are nobody's any more: their process is gone, or is this one
 * and does not use them, as in a container that is always process 1 or a Lambda function that was timed out.
 *
 * @param inUse those of this process
 */
export async function leftFolders(
  parent: string,
  prefix: string,
  inUse: ReadonlySet<string>,
): Promise<string[]> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  return names
    .map((name) => ({ path: join(parent, name), pid: Number.parseInt(name.slice(prefix.length), 10) }))
    .filter(({ path, pid }) => (pid === process.pid ? !inUse.has(path) : !isAlive(pid)))
    .map(({ path }) => path);
}

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
