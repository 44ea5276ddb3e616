import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { GoLiveError } from '../../../../core/shared/errors';
import { EMAIL } from './email';
import { hashPassword, type PasswordCost } from './password';

/** What was given for a user cannot be taken. Never says the password. */
export class UserRefusedError extends GoLiveError {
  readonly code = 'UserRefusedError';
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

/** https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver */
const SHORTEST_PASSWORD = 12;
const LONGEST_PASSWORD = 200;

/**
 * Makes a user, or gives the one with this address another name and password; whoever was signed in as that one is
 * not any more, in at most the life of a cached session.
 *
 * @throws UserRefusedError, or what the database says
 */
export async function saveUser(
  client: ClientBase,
  user: NewUser,
  cost?: PasswordCost,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const email = user.email.trim().toLowerCase();
  const name = user.name.trim();
  if (!EMAIL.test(email) || email.length > 254) {
    throw new UserRefusedError('this is no e-mail address; give one such as ada@example.com');
  }
  if (name.length < 1 || name.length > 100) {
    throw new UserRefusedError('a name has 1 to 100 characters; give such a one');
  }
  if (user.password.length < SHORTEST_PASSWORD || user.password.length > LONGEST_PASSWORD) {
    throw new UserRefusedError(
      `a password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters; give such a one on standard input`,
    );
  }
  const hash = await hashPassword(user.password, cost);
  const { rows } = await client.query<{ id: string; isNew: boolean }>(
    `WITH saved AS (
       INSERT INTO golive.users (id, email, name, password_hash) VALUES ($1, $2, $3, $4)
       ON CONFLICT (email) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash
       RETURNING id
     ), signed_out AS (
       UPDATE golive.sessions SET revoked_at = now() WHERE user_id = (SELECT id FROM saved) AND revoked_at IS NULL
     )
     SELECT id, id = $1 AS "isNew" FROM saved`,
    [randomUUID(), email, name, hash],
  );
  return rows[0]!;
}
