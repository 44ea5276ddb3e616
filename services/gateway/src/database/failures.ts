import { Prisma } from '../generated/prisma/client';

/** Core's and our own. Prisma makes an error of its own of them, and keeps their code and message alone. */
const OURS = new Set<unknown>([
  'DatabaseAuthenticationError',
  'DatabaseBusyError',
  'DatabaseConnectionError',
  'DatabaseTlsError',
  'PoolEndedError',
  'SecretInvalidError',
  'SecretUnavailableError',
]);

/**
 * Not reachable, no answer in time, connection closed, no transaction begun in time, a deadlock, too many connections.
 * https://www.prisma.io/docs/orm/reference/error-reference
 */
const PRISMAS = new Set<unknown>([
  'P1000',
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
]);

/**
 * Connection exceptions, too few resources, a lock that was not to be had in time, an operator's intervention (a
 * statement that took too long is one). https://www.postgresql.org/docs/17/errcodes-appendix.html
 */
const SQL_STATES = /^(08|53|55P03|57)/;

/** What the server says of a name or a password that it does not know. */
export const INVALID_PASSWORD = '28P01';

/** node-postgres' own errors have no code. */
const NODE_POSTGRES =
  /^(Connection terminated|Client has encountered a connection error|Query read timeout|timeout)/i;

/** Whether it was the database that was away or overloaded: the same request may succeed in a moment. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (OURS.has(code)) return true;
  if (error instanceof Prisma.PrismaClientKnownRequestError && PRISMAS.has(code)) return true;
  const state = sqlStateOf(error);
  return state !== undefined ? SQL_STATES.test(state) : NODE_POSTGRES.test(error.message);
}

/** Whether the server refused our name or password: nothing that passes by itself, unlike what else makes it unavailable. */
export function isLoginRefused(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'DatabaseAuthenticationError' || sqlStateOf(error) === INVALID_PASSWORD;
}

/** The server's code for it, however deep Prisma has packed it in. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let one = error, depth = 0; one instanceof Object && depth < 5; depth += 1) {
    const { originalCode, code, meta, cause } = one as {
      originalCode?: unknown;
      code?: unknown;
      meta?: { driverAdapterError?: unknown };
      cause?: unknown;
    };
    for (const state of [originalCode, code]) {
      // Prisma's own codes look like the server's.
      if (typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) && !/^P[12]\d{3}$/.test(state))
        return state;
    }
    one = meta?.driverAdapterError ?? cause;
  }
  return undefined;
}
