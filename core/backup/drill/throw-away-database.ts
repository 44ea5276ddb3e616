import { escapeIdentifier, escapeLiteral } from 'pg';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import type { DatabaseFingerprint } from '../fingerprint';
import { DrillMachineError } from './errors';
import { applyGlobals, createRestoringRole } from './roles';

export interface ThrowAwayDatabase {
  /** The role that restores, in the empty database. */
  readonly target: PostgresEndpoint;
  /** The superuser, in the same database. */
  readonly administrator: PostgresEndpoint;
  readonly remarks: readonly string[];
}

type Shape = DatabaseFingerprint['database'];

const TIMEOUT_MS = 300_000;

/**
 * Makes the source's roles, and an empty database like the one that was dumped, in a server that has neither.
 *
 * @param shape undefined when the dump has no fingerprint, and nobody knows
 * @throws DrillMachineError when the machine lacks its locale; the errors of `withSession`
 */
export async function makeThrowAwayDatabase(
  server: PostgresEndpoint,
  { name, shape, globals }: { name: string; shape: Shape | undefined; globals: string },
  signal?: AbortSignal,
): Promise<ThrowAwayDatabase> {
  const limits = { signal, statementTimeoutMs: TIMEOUT_MS };
  return await withSession(server, 'golive-drill', limits, async (session) => {
    // The one that every server has may be the name of the one that was dumped.
    await session.query('DROP DATABASE IF EXISTS postgres');
    const remarks = await applyGlobals(session, globals);
    const role = await createRestoringRole(session);
    const { rows } = await session.query<{ owner: string }>(
      'SELECT rolname AS owner FROM pg_roles WHERE rolname IN ($1, $2) ORDER BY rolname = $1 DESC LIMIT 1',
      [shape?.owner ?? role.user, role.user],
    );
    const owner = rows[0]?.owner ?? role.user;
    try {
      await session.query(
        `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0 OWNER ${escapeIdentifier(owner)}${localeOf(shape)}`,
      );
    } catch (error) {
      throw new DrillMachineError(
        `a database like the one that was dumped cannot be made here: ${(error as Error).message}; install its locale (glibc-langpack-… or locales) on the machine of the drill`,
        { cause: error },
      );
    }
    if (!shape) await letEverybodyIn({ ...server, database: name }, limits);
    return {
      target: { ...server, database: name, ...role },
      administrator: { ...server, database: name },
      remarks,
    };
  });
}

/** Nobody knows whose the database was, and so who may own something in `public` before its grants are restored. */
async function letEverybodyIn(
  database: PostgresEndpoint,
  limits: { readonly signal: AbortSignal | undefined; readonly statementTimeoutMs: number },
): Promise<void> {
  await withSession(database, 'golive-drill', limits, (session) =>
    session.query('GRANT CREATE ON SCHEMA public TO PUBLIC'),
  );
}

function localeOf(shape: Shape | undefined): string {
  if (!shape) return '';
  const { encoding, collate, ctype, localeProvider, locale } = shape;
  const libc = ` ENCODING ${escapeLiteral(encoding)} LC_COLLATE ${escapeLiteral(collate)} LC_CTYPE ${escapeLiteral(ctype)}`;
  if (localeProvider === 'i')
    return `${libc} LOCALE_PROVIDER icu ICU_LOCALE ${escapeLiteral(locale ?? 'und')}`;
  if (localeProvider === 'b')
    return `${libc} LOCALE_PROVIDER builtin BUILTIN_LOCALE ${escapeLiteral(locale ?? 'C')}`;
  return libc;
}
