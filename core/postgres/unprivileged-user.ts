import { readFile } from 'node:fs/promises';
import { GoLiveError } from '../shared/errors';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL does not run as root, and there is nobody else to run it as. */
export class NoUnprivilegedUserError extends GoLiveError {
  readonly code = 'NoUnprivilegedUserError';
}

/**
 * Whom a server of ours runs as: PostgreSQL refuses to run as root, so there the user that its package made, else
 * `nobody`.
 *
 * @returns undefined when we are not root: then as ourselves
 * @throws NoUnprivilegedUserError
 */
export async function unprivilegedUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const entry = passwd.find(([user]) => user === name);
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new NoUnprivilegedUserError(
    'PostgreSQL does not run as root and no other user is there: run as another user',
  );
}
