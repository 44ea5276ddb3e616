import { escapeIdentifier, type Client } from 'pg';

/**
 * The statement with which a migration begins: from here on the session acts as the owner, and all that it makes
 * belongs to the owner, whoever logged in. Sessions of the app logins start so by themselves (`ALTER ROLE … SET role`),
 * until somebody takes it from them, as `DISCARD ALL` of a connection pooler does.
 */
export function actAsOwner(owner: string): string {
  return `SET ROLE ${escapeIdentifier(owner)}`;
}

/**
 * Lends a session that acts as the owner, for a migration: as an app login, or as the master. Ends the role with the
 * work, and a session that cannot end it must not be used again.
 *
 * @throws what the server says when the session's user is no member of the owner, or what `use` throws
 */
export async function asOwner<T>(
  session: Client,
  owner: string,
  use: (session: Client) => Promise<T>,
): Promise<T> {
  await session.query(actAsOwner(owner));
  try {
    return await use(session);
  } finally {
    await session.query('RESET ROLE');
  }
}
