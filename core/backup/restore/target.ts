import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import { majorOf } from '../../postgres/version';
import type { Manifest } from '../manifest';
import { TargetNotEmptyError, TargetServerTooOldError } from './errors';

const STATEMENT_TIMEOUT_MS = 60_000;
const NAMED_OBJECTS = 5;

/**
 * Refuses a target that a restore would spoil or that would spoil the restore.
 *
 * @throws TargetNotEmptyError, TargetServerTooOldError, the errors of `withSession`
 */
export async function inspectTarget(
  target: PostgresEndpoint,
  source: Manifest['source'],
  signal?: AbortSignal,
): Promise<void> {
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  await withSession(target, 'golive-restore', limits, async (session) => {
    const { rows } = await session.query<{ version: string; number: number }>(
      `SELECT pg_catalog.current_setting('server_version') AS version,
        pg_catalog.current_setting('server_version_num')::int AS number`,
    );
    const { version, number } = rows[0]!;
    if (majorOf(number) < majorOf(source.serverVersionNumber)) {
      throw new TargetServerTooOldError(
        `${target.host} runs PostgreSQL ${version} and the backup is of ${source.serverVersion}; restore into a server of version ${majorOf(source.serverVersionNumber)} or newer`,
      );
    }
    const { rows: objects } = await session.query<{ name: string; total: number }>(
      `SELECT name, (pg_catalog.count(*) OVER ())::int AS total FROM (${USER_OBJECTS}) AS o(name) ORDER BY 1 LIMIT ${NAMED_OBJECTS}`,
    );
    const [first] = objects;
    if (!first) return;
    const more = first.total - objects.length;
    throw new TargetNotEmptyError(
      `database "${target.database}" holds ${objects.map(({ name }) => name).join(', ')}${more > 0 ? ` and ${more} more` : ''}; restore into a new database made from template0`,
    );
  });
}

/** Everything that a database from template0 does not hold. Objects below 16384 are initdb's. */
const USER_OBJECTS = `
  SELECT pg_catalog.format('schema %I', nspname) FROM pg_catalog.pg_namespace
    WHERE oid >= 16384 AND nspname !~ '^pg_(toast_)?temp_'
  UNION ALL
  SELECT pg_catalog.format('extension %I', extname) FROM pg_catalog.pg_extension WHERE oid >= 16384
  UNION ALL
  SELECT pg_catalog.format('relation %I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_(toast|temp)'
  UNION ALL
  SELECT pg_catalog.format('function %I.%I', n.nspname, p.proname)
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.oid >= 16384
  UNION ALL
  SELECT pg_catalog.format('type %I.%I', n.nspname, t.typname)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.oid >= 16384 AND t.typtype IN ('d', 'e', 'r') AND n.nspname !~ '^pg_(toast|temp)'
  UNION ALL
  SELECT pg_catalog.format('large object %s', oid) FROM pg_catalog.pg_largeobject_metadata`;
