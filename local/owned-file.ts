import { chown, writeFile } from 'node:fs/promises';
import type { SystemUser } from '../core/postgres/unprivileged-user';

/** Writes a file that nobody but a server's own user reads. */
export async function writeOwned(path: string, content: string, user: SystemUser | undefined): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  if (user) await chown(path, user.uid, user.gid);
}
