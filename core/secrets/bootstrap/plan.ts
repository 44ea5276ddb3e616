import { escapeIdentifier, escapeLiteral } from 'pg';
import { majorOf } from '../../postgres/version';
import type { RolesState } from './state';

/** One statement, and what it is for. */
export interface Change {
  /** What an operator reads: never with a password or its verifier. */
  readonly what: string;
  readonly sql: string;
}

/** What there is to be. */
export interface WantedRoles {
  /** Owns everything the product makes; nobody logs in as it. */
  readonly owner: string;
  readonly database: string;
  /** `verifier` is what the server keeps in place of the password. */
  readonly app: { readonly username: string; readonly verifier: string };
  readonly backup: { readonly username: string; readonly verifier: string };
}

/** Reads every table, view and sequence, from PostgreSQL 14 on. */
const READER = 'pg_read_all_data';

/** A precaution against a slip, not against its holder, who may turn it off: what it may not write, it has no right to. */
const READ_ONLY_SETTING = 'default_transaction_read_only=on';

/**
 * What is missing, as statements in their order; none when all is as it is to be. It only adds, but for what would let
 * the owner log in or the backup login write.
 */
export function planRoles(state: RolesState, wanted: WantedRoles): Change[] {
  return [...planOwner(state, wanted), ...planApp(state, wanted), ...planBackup(state, wanted)];
}

function planOwner(state: RolesState, { owner, database }: WantedRoles): Change[] {
  const { master, roles, databasePrivileges, publicSchemaPrivileges } = state;
  const present = roles.get(owner);
  const changes: Change[] = [];
  if (!present) changes.push(say`CREATE ROLE ${id(owner)} NOLOGIN`);
  else if (present.canLogin) changes.push(say`ALTER ROLE ${id(owner)} NOLOGIN`);
  // For what the master makes for the owner, and takes over from others. PostgreSQL 16 gives who makes a role the
  // right to grant it, and not the role.
  if (master !== owner && !isMember(state, master, owner)) changes.push(membership(state, owner, master));
  const onDatabase = ['CREATE', 'CONNECT', 'TEMPORARY'].filter(
    (privilege) => !databasePrivileges.has(`${owner} ${privilege}`),
  );
  if (onDatabase.length > 0)
    changes.push(say`GRANT ${onDatabase.join(', ')} ON DATABASE ${id(database)} TO ${id(owner)}`);
  const onSchema = ['CREATE', 'USAGE'].filter(
    (privilege) => publicSchemaPrivileges && !publicSchemaPrivileges.has(`${owner} ${privilege}`),
  );
  if (onSchema.length > 0)
    changes.push(say`GRANT ${onSchema.join(', ')} ON SCHEMA ${id('public')} TO ${id(owner)}`);
  return changes;
}

/** Each session acts as the owner from its first statement on: what one login makes, the other may change. */
function planApp(state: RolesState, { owner, app }: WantedRoles): Change[] {
  return [
    ...planLogin(state, app),
    ...(isMember(state, app.username, owner) ? [] : [membership(state, owner, app.username)]),
    ...planSetting(state, app.username, `role=${owner}`),
  ];
}

function planBackup(state: RolesState, { owner, backup, database }: WantedRoles): Change[] {
  const { username } = backup;
  const changes = planLogin(state, backup);
  if (state.memberships.some(({ member, role }) => member === username && role === owner))
    changes.push(say`REVOKE ${id(owner)} FROM ${id(username)}`);
  if (!isMember(state, username, READER, { toSet: false }))
    changes.push(membership(state, READER, username, { toSet: false }));
  // Everybody may connect as a rule, and the rule may be taken back.
  if (!state.databasePrivileges.has(`${username} CONNECT`))
    changes.push(say`GRANT CONNECT ON DATABASE ${id(database)} TO ${id(username)}`);
  return [...changes, ...planSetting(state, username, READ_ONLY_SETTING)];
}

function planLogin(state: RolesState, login: WantedRoles['app']): Change[] {
  const present = state.roles.get(login.username);
  if (!present) {
    const { what, sql } = say`CREATE ROLE ${id(login.username)} LOGIN INHERIT`;
    return [{ what: `${what} with the secret's password`, sql: `${sql} ${passwordClause(login.verifier)}` }];
  }
  const changes: Change[] = [];
  if (!present.canLogin) changes.push(say`ALTER ROLE ${id(login.username)} LOGIN`);
  if (!present.inherits) changes.push(say`ALTER ROLE ${id(login.username)} INHERIT`);
  return changes;
}

function planSetting(state: RolesState, role: string, setting: string): Change[] {
  if (state.roles.get(role)?.settings.includes(setting)) return [];
  const [name, value] = setting.split(/=(.*)/s) as [string, string];
  return [say`ALTER ROLE ${id(role)} SET ${id(name)} = ${value === 'on' ? 'on' : escapeLiteral(value)}`];
}

/** For a role that is there and whose password is not the secret's. */
export function setPassword({ username, verifier }: WantedRoles['app']): Change {
  const { what, sql } = say`ALTER ROLE ${id(username)}`;
  return { what: `${what} PASSWORD of the secret`, sql: `${sql} ${passwordClause(verifier)}` };
}

/** For a login whose rows nothing may hide, or its dump is not whole. */
export function bypassRowSecurity(username: string): Change {
  return say`ALTER ROLE ${id(username)} BYPASSRLS`;
}

/**
 * Makes a role a member of another, with its privileges and, unless told, the right to act as it.
 * https://www.postgresql.org/docs/16/sql-grant.html
 */
export function membership(
  { serverVersionNumber }: Pick<RolesState, 'serverVersionNumber'>,
  role: string,
  member: string,
  { toSet = true }: { readonly toSet?: boolean } = {},
): Change {
  const granted = say`GRANT ${id(role)} TO ${id(member)}`;
  // Before version 16 this is how every membership is, and the words are not known.
  if (majorOf(serverVersionNumber) < 16) return granted;
  return say`${granted.sql} WITH INHERIT TRUE, SET ${toSet ? 'TRUE' : 'FALSE'}`;
}

function isMember(
  { memberships }: RolesState,
  member: string,
  role: string,
  { toSet = true }: { readonly toSet?: boolean } = {},
): boolean {
  const given = memberships.filter((each) => each.member === member && each.role === role);
  return given.some(({ inherits }) => inherits) && (!toSet || given.some(({ maySet }) => maySet));
}

function passwordClause(verifier: string): string {
  return `PASSWORD ${escapeLiteral(verifier)}`;
}

const id = escapeIdentifier;

/** A statement that holds no secret says itself what it is for. */
function say(strings: TemplateStringsArray, ...values: readonly string[]): Change {
  const sql = String.raw({ raw: strings }, ...values);
  return { what: sql, sql };
}
