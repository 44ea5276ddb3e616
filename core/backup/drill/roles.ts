import { randomBytes } from 'node:crypto';
import { escapeIdentifier, escapeLiteral, type Client } from 'pg';

/** Who restores, in a throw-away server. */
export interface RestoringRole {
  readonly user: string;
  readonly password: string;
}

const RESTORING_ROLE = 'golive_drill';

/** What reaches the server's own files and programs: RDS gives it to nobody. */
const NOT_ON_RDS = ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'];

/**
 * Makes the roles of the source in a throw-away server, as far as possible: whoever cannot be made is told, and
 * whoever needs that role will say so. No other kind of statement is carried out.
 *
 * @param administrator connected as superuser
 * @param globals as pg_dumpall wrote them
 * @returns what could not be done, for people
 */
export async function applyGlobals(administrator: Client, globals: string): Promise<string[]> {
  const remarks: string[] = [];
  const { rows: us } = await administrator.query<{ name: string }>(
    'SELECT quote_ident(current_user) AS name',
  );
  for (const statement of statementsIn(globals)) {
    const [, name] =
      /^(?:CREATE ROLE|ALTER ROLE|COMMENT ON ROLE|GRANT) ("(?:[^"]|"")*"|\S+)/.exec(statement) ?? [];
    // What the source's superuser was set to is not for ours, who is there already.
    if (name === undefined || name === us[0]?.name) continue;
    try {
      // Who granted it is another server's superuser, and makes no difference here.
      const text = statement.replace(/ GRANTED BY .*$/s, '');
      // As a prepared statement, of which the server takes one at a time.
      await administrator.query({ text, queryMode: 'extended' } as { text: string });
    } catch (error) {
      // Never the statement, which may hold a password.
      remarks.push(`a role or its settings could not be made: ${(error as Error).message}`);
    }
  }
  return remarks;
}

/**
 * Makes the role that restores: like RDS's master user, who is no superuser and belongs to whoever owns something. A
 * superuser would hide what RDS refuses; and whoever owns a table in the source could have a superuser run programs
 * here, in an index's expression.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
 */
export async function createRestoringRole(administrator: Client): Promise<RestoringRole> {
  const { rows: superusers } = await administrator.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE rolsuper AND rolname <> current_user',
  );
  for (const { rolname } of superusers) {
    await administrator.query(`ALTER ROLE ${escapeIdentifier(rolname)} NOSUPERUSER`);
  }
  const { rows: roles } = await administrator.query<{ rolname: string; rolbypassrls: boolean }>(
    `SELECT rolname, rolbypassrls FROM pg_roles AS r
      WHERE rolname !~ '^pg_' AND rolname NOT IN (current_user, $2)
        AND NOT EXISTS (SELECT FROM unnest($1::name[]) AS p WHERE pg_has_role(r.oid, p, 'MEMBER'))`,
    [NOT_ON_RDS, RESTORING_ROLE],
  );
  const password = randomBytes(24).toString('base64url');
  // The source's own reader of everything has it, where there are policies that apply to owners too.
  const bypass = roles.some(({ rolbypassrls }) => rolbypassrls) ? ' BYPASSRLS' : '';
  const role = escapeIdentifier(RESTORING_ROLE);
  await administrator.query(
    `CREATE ROLE ${role} LOGIN CREATEDB CREATEROLE${bypass} PASSWORD ${escapeLiteral(password)}`,
  );
  for (const { rolname } of roles) {
    await administrator.query(`GRANT ${escapeIdentifier(rolname)} TO ${role}`);
  }
  await administrator.query(
    `GRANT pg_monitor, pg_read_all_data, pg_write_all_data, pg_checkpoint TO ${role} WITH ADMIN OPTION`,
  );
  return { user: RESTORING_ROLE, password };
}

/** A text in quotes, a comment, or what stands between; a lone quote or dash is one too. */
const TOKEN = /--[^\n]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|;|[^;'"-]+|['"-]/g;

/** The statements of what pg_dumpall wrote, without comments and semicolons. */
export function statementsIn(sql: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === ';') {
      statements.push(statement.trim());
      statement = '';
    } else if (!token.startsWith('--')) statement += token;
  }
  return statements.filter(Boolean);
}
