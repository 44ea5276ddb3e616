import type { PostgresEndpoint } from '../../postgres/endpoint';
import { DatabaseAuthenticationError } from '../../postgres/errors';
import { withSession } from '../../postgres/session';

/** A user name with its password, as a version of a secret holds them. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The login that a secret describes. */
export interface Login extends Credentials {
  /**
   * What a rotation that is not complete would put in its place. Where that logs in as the same user, the rotation
   * has set it already and will finish: the password is left alone.
   */
  readonly pending?: Credentials | undefined;
}

const STATEMENT_TIMEOUT_MS = 10_000;

/**
 * Logs in and says whom the session acts as; undefined when the server knows the role and refuses the password.
 *
 * @throws the errors of `withSession`
 */
export async function roleAfterLogin(
  master: PostgresEndpoint,
  { username, password }: Credentials,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const endpoint = { ...master, user: username, password };
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  try {
    return await withSession(endpoint, 'golive-bootstrap', limits, async (session) => {
      const { rows } = await session.query<{ role: string }>('SELECT current_user AS role');
      return rows[0]!.role;
    });
  } catch (error) {
    if (isWrongPassword(error)) return undefined;
    throw error;
  }
}

/** 28P01 alone: 28000 is what a rule of the server says, whatever the password. */
function isWrongPassword(error: unknown): boolean {
  return (
    error instanceof DatabaseAuthenticationError &&
    (error.cause as { code?: string } | undefined)?.code === '28P01'
  );
}
