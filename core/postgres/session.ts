import type { Client } from 'pg';
import { postgresClient, type PostgresEndpoint } from './endpoint';
import { DatabaseAuthenticationError, DatabaseConnectionError, DatabaseTlsError } from './errors';
import { hangUp } from './hang-up';

/**
 * Lends one connection over verified TLS for some short queries, and closes it.
 *
 * @param limits `signal` ends it at once; `statementTimeoutMs` ends a statement on the server
 * @throws DatabaseConnectionError, DatabaseTlsError, DatabaseAuthenticationError, or what `use` throws
 */
export async function withSession<T>(
  endpoint: PostgresEndpoint,
  applicationName: string,
  limits: { readonly signal?: AbortSignal | undefined; readonly statementTimeoutMs: number },
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { signal, statementTimeoutMs } = limits;
  signal?.throwIfAborted();
  const client = await postgresClient(endpoint, applicationName);
  // A connection that breaks also fails its query, and that is where we handle it.
  client.on('error', () => undefined);
  const stop = () => void hangUp(client);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await client.connect().catch((error: unknown) => {
      throw connectionError(error, endpoint);
    });
    await client.query(`SET statement_timeout = ${Math.round(statementTimeoutMs)}`);
    return await use(client);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await hangUp(client);
  }
}

/** Names a failed connection, with what to do. */
export function connectionError(error: unknown, endpoint: PostgresEndpoint): Error {
  const { code, message } = error as { code?: string; message?: string };
  const place = `${endpoint.host}:${endpoint.port}`;
  const said = message || code || String(error);
  const cause = { cause: error };
  if (isTlsFailure(code, said)) {
    return new DatabaseTlsError(
      `${place} could not be verified over TLS: ${said}; see that ${endpoint.caFile} holds the authority that signed the server's certificate, and that the name is the one in the certificate`,
      cause,
    );
  }
  // invalid_authorization_specification and invalid_password
  if (code === '28000' || code === '28P01') {
    return new DatabaseAuthenticationError(
      `${place} refused role "${endpoint.user}": ${said}; see that the secret holds the role's current password and that pg_hba.conf or IAM lets it in`,
      cause,
    );
  }
  if (code === '3D000') {
    return new DatabaseConnectionError(
      `${place} has no database "${endpoint.database}"; correct the configured database name`,
      { ...cause, retryable: false },
    );
  }
  return new DatabaseConnectionError(
    `no connection to ${place}: ${said}; see that the instance is available and that its security group lets this function in`,
    { ...cause, retryable: true },
  );
}

/** OpenSSL's verification codes, as Node gives them, and node-postgres' own refusal of a server without TLS. */
function isTlsFailure(code: string | undefined, message: string): boolean {
  return (
    /CERT|SIGNATURE|ISSUER|ALTNAME|^ERR_(TLS|SSL|OSSL)/.test(code ?? '') ||
    /does not support SSL connections|certificate/i.test(message)
  );
}
