import { statfs } from 'node:fs/promises';

/** What a folder's disk has room for, bytes, for somebody who is not root. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
