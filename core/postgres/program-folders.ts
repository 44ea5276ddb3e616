import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Debian, Fedora and Homebrew keep a version's programs in folders of their own, off the PATH. Newest first.
 *
 * @param machine where a machine's files begin
 */
export async function versionedFolders(machine = '/'): Promise<string[]> {
  const patterns = [
    { root: '/usr/lib/postgresql', name: /^\d+$/, bin: 'bin' },
    { root: '/usr', name: /^pgsql-\d+$/, bin: 'bin' },
    { root: '/opt/homebrew/opt', name: /^postgresql@\d+$/, bin: 'bin' },
    { root: '/usr/local/opt', name: /^postgresql@\d+$/, bin: 'bin' },
  ];
  const folders = await Promise.all(
    patterns.map(async ({ root, name, bin }) => {
      const folder = join(machine, root);
      const entries = await readdir(folder).catch(() => []);
      return entries
        .filter((entry) => name.test(entry))
        .sort((a, b) => majorIn(b) - majorIn(a))
        .map((entry) => join(folder, entry, bin));
    }),
  );
  return folders.flat();
}

/** Whether the folder holds every one of these programs, and we may run them. */
export async function allExecutable(folder: string, programs: readonly string[]): Promise<boolean> {
  try {
    await Promise.all(programs.map((program) => access(join(folder, program), constants.X_OK)));
    return true;
  } catch {
    return false;
  }
}

function majorIn(folder: string): number {
  return Number(/\d+$/.exec(folder)?.[0] ?? 0);
}
