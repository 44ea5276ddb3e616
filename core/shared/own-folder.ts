import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { leftFolders, ownedPrefix } from './left-folders';
import { inTemporaryFolder } from './temporary-folder';

/** The folders of this process that are in use. */
const inUse = new Set<string>();

/** Where temporary folders are made, and how their names begin; the id of the process that made one follows. */
export interface OwnFolders {
  readonly parent: string;
  /** Ends in a hyphen. */
  readonly prefix: string;
}

/** Lends a new folder that only we may read, and removes it with all that is in it. */
export async function withOwnFolder<T>(
  { parent, prefix }: OwnFolders,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await inTemporaryFolder(
    'a folder could not be made',
    () => mkdtemp(join(parent, ownedPrefix(prefix))),
    parent,
  );
  inUse.add(folder);
  try {
    return await use(folder);
  } finally {
    // Whoever was told to end may have one file left to close.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    inUse.delete(folder);
  }
}

/**
 * Removes the folders of runs that were killed before they could. A folder is a leftover when its process is gone,
 * or is this one and does not use it.
 *
 * @returns how many were removed
 */
export async function sweepLeftFolders({ parent, prefix }: OwnFolders): Promise<number> {
  const folders = await inTemporaryFolder(
    'what killed runs have left could not be looked for',
    () => leftFolders(parent, prefix, inUse),
    parent,
  );
  await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })));
  return folders.length;
}
