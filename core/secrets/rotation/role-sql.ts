import { escapeIdentifier, escapeLiteral } from 'pg';
import {
  MEMBERSHIP_OPTIONS_SINCE,
  type DirectGrant,
  type Membership,
  type RoleAttributes,
  type RoleSetting,
} from './role-state';

/**
 * Statements on roles, each as one text, in the words of the server's version. Names are quoted, and passwords come
 * as verifiers only.
 */
export interface RoleStatements {
  create(name: string, verifier: string): string;
  setPassword(name: string, verifier: string): string;
  alter(name: string, attributes: Partial<RoleAttributes>): string;
  /** @param had what the member has of it so far */
  grantMembership(role: string, member: string, wanted: Membership, had: Membership | undefined): string[];
  revokeMembership(role: string, member: string, had: Membership): string[];
  set(name: string, setting: RoleSetting): string[];
  reset(name: string, setting: RoleSetting): string;
  grant(name: string, grant: DirectGrant): string;
  revoke(name: string, grant: DirectGrant): string;
  revokeGrantOption(name: string, grant: DirectGrant): string;
}

/** Parameters that are lists of names: a literal would be one name. */
const LISTS = ['search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries'];

/** @param versionNumber `server_version_num` */
export function roleStatements(versionNumber: number): RoleStatements {
  const hasMembershipOptions = versionNumber >= MEMBERSHIP_OPTIONS_SINCE;
  return {
    create: (name, verifier) =>
      `CREATE ROLE ${escapeIdentifier(name)} LOGIN PASSWORD ${escapeLiteral(verifier)}`,
    setPassword: (name, verifier) =>
      `ALTER ROLE ${escapeIdentifier(name)} PASSWORD ${escapeLiteral(verifier)}`,
    alter: (name, attributes) =>
      `ALTER ROLE ${escapeIdentifier(name)} ${attributeWords(attributes).join(' ')}`,
    grantMembership: hasMembershipOptions ? grantWithOptions : grantPlainly,
    revokeMembership: (role, member, { grantors }) =>
      hasMembershipOptions && grantors.length > 0
        ? grantors.map((grantor) => `${revocation(role, member)} GRANTED BY ${escapeIdentifier(grantor)}`)
        : [revocation(role, member)],
    set: settingStatements,
    reset: (name, setting) => `${alterSetting(name, setting)} RESET ${parameter(setting.name)}`,
    grant: (name, { scope, privilege, object, grantable }) =>
      `${scoped(scope)}GRANT ${privilege} ON ${object} TO ${escapeIdentifier(name)}${grantable ? ' WITH GRANT OPTION' : ''}`,
    revoke: (name, { scope, privilege, object }) =>
      `${scoped(scope)}REVOKE ${privilege} ON ${object} FROM ${escapeIdentifier(name)}`,
    revokeGrantOption: (name, { scope, privilege, object }) =>
      `${scoped(scope)}REVOKE GRANT OPTION FOR ${privilege} ON ${object} FROM ${escapeIdentifier(name)}`,
  };
}

function grantWithOptions(
  role: string,
  member: string,
  { admin, inherit = true, set = true }: Membership,
): string[] {
  const options = `ADMIN ${yesOrNo(admin)}, INHERIT ${yesOrNo(inherit)}, SET ${yesOrNo(set)}`;
  return [`GRANT ${escapeIdentifier(role)} TO ${escapeIdentifier(member)} WITH ${options}`];
}

function grantPlainly(
  role: string,
  member: string,
  { admin }: Membership,
  had: Membership | undefined,
): string[] {
  const names = [escapeIdentifier(role), escapeIdentifier(member)];
  if (had?.admin && !admin) return [`REVOKE ADMIN OPTION FOR ${names.join(' FROM ')}`];
  return [`GRANT ${names.join(' TO ')}${admin ? ' WITH ADMIN OPTION' : ''}`];
}

function revocation(role: string, member: string): string {
  return `REVOKE ${escapeIdentifier(role)} FROM ${escapeIdentifier(member)}`;
}

function yesOrNo(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}

/** Only what is given is said: some attributes may not even be named by whoever is no superuser. */
function attributeWords(attributes: Partial<RoleAttributes>): string[] {
  const { login, inherit, createDb, createRole, replication, bypassRls, connectionLimit, validUntil } =
    attributes;
  return [
    ...flag('LOGIN', login),
    ...flag('INHERIT', inherit),
    ...flag('CREATEDB', createDb),
    ...flag('CREATEROLE', createRole),
    ...flag('REPLICATION', replication),
    ...flag('BYPASSRLS', bypassRls),
    ...(connectionLimit === undefined ? [] : [`CONNECTION LIMIT ${connectionLimit}`]),
    ...(validUntil === undefined ? [] : [`VALID UNTIL ${escapeLiteral(validUntil)}`]),
  ];
}

function flag(word: string, value: boolean | undefined): string[] {
  return value === undefined ? [] : [value ? word : `NO${word}`];
}

/** A list is left to the server to read, and to hand on to the role: nothing of it is ever part of a statement. */
function settingStatements(name: string, setting: RoleSetting): string[] {
  const target = alterSetting(name, setting);
  const words = parameter(setting.name);
  if (!LISTS.includes(setting.name.toLowerCase())) {
    return [`${target} SET ${words} TO ${escapeLiteral(setting.value)}`];
  }
  return [
    `SELECT pg_catalog.set_config(${escapeLiteral(setting.name)}, ${escapeLiteral(setting.value)}, true)`,
    `${target} SET ${words} FROM CURRENT`,
    `SET LOCAL ${words} TO DEFAULT`,
  ];
}

function alterSetting(name: string, { database }: RoleSetting): string {
  return `ALTER ROLE ${escapeIdentifier(name)}${database === undefined ? '' : ` IN DATABASE ${escapeIdentifier(database)}`}`;
}

/** `app.tenant` is two names. */
function parameter(name: string): string {
  return name.split('.').map(escapeIdentifier).join('.');
}

function scoped(scope: string): string {
  return scope === '' ? '' : `${scope} `;
}
