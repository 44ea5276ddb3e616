import {
  settingKey,
  type DirectGrant,
  type Membership,
  type RoleAttributes,
  type RoleState,
} from './role-state';
import type { RoleStatements } from './role-sql';

/** One thing that a role has, lacks or has differently, and what makes it right. */
export interface Difference {
  /** For people: `member of "golive_owner"`. Holds names only. */
  readonly what: string;
  readonly is: 'missing' | 'too much' | 'different';
  readonly statements: readonly string[];
}

/** A role that is to be like another one. */
export interface Likeness {
  /** The name of the role that is changed. */
  readonly name: string;
  readonly state: RoleState;
  /** The name of its example. What one of the two was granted of the other does not count. */
  readonly likeName: string;
  readonly like: RoleState;
}

/**
 * What keeps a role from being like another one, in the order in which to make it right: first whom it belongs to,
 * then what it is, how it is set, and what it was granted itself.
 */
export function differences(likeness: Likeness, sql: RoleStatements): Difference[] {
  return [
    ...membershipDifferences(likeness, sql),
    ...attributeDifferences(likeness, sql),
    ...settingDifferences(likeness, sql),
    ...grantDifferences(likeness, sql),
  ];
}

/** A state with everything that acting as an owner role needs. */
export function actingAs(ownerRole: string | undefined, state: RoleState): RoleState {
  if (ownerRole === undefined) return state;
  const had = state.memberships.get(ownerRole);
  const membership: Membership = {
    admin: had?.admin ?? false,
    inherit: true,
    set: true,
    grantors: had?.grantors ?? [],
  };
  const setting = { database: undefined, name: 'role', value: ownerRole };
  return {
    ...state,
    memberships: new Map(state.memberships).set(ownerRole, membership),
    settings: new Map(state.settings).set(settingKey(setting), setting),
  };
}

function membershipDifferences({ name, likeName, state, like }: Likeness, sql: RoleStatements): Difference[] {
  const made: Difference[] = [];
  for (const [role, wanted] of like.memberships) {
    const had = state.memberships.get(role);
    if (role === name || (had && isSameMembership(had, wanted))) continue;
    made.push({
      what: `member of "${role}"`,
      is: had ? 'different' : 'missing',
      statements: sql.grantMembership(role, name, wanted, had),
    });
  }
  for (const [role, had] of state.memberships) {
    if (role === likeName || like.memberships.has(role)) continue;
    made.push({
      what: `member of "${role}"`,
      is: 'too much',
      statements: sql.revokeMembership(role, name, had),
    });
  }
  return made;
}

/** Since 16, what is undefined counts as PostgreSQL's own default for a new membership. */
function isSameMembership(one: Membership, other: Membership): boolean {
  return (
    one.admin === other.admin &&
    (one.inherit === undefined || one.inherit === (other.inherit ?? true)) &&
    (one.set === undefined || one.set === (other.set ?? true))
  );
}

function attributeDifferences({ name, state, like }: Likeness, sql: RoleStatements): Difference[] {
  const names = Object.keys(like.attributes) as (keyof RoleAttributes)[];
  return names
    .filter((attribute) => state.attributes[attribute] !== like.attributes[attribute])
    .map((attribute) => ({
      what: `attribute ${attribute}`,
      is: 'different',
      statements: [sql.alter(name, { [attribute]: like.attributes[attribute] })],
    }));
}

function settingDifferences({ name, state, like }: Likeness, sql: RoleStatements): Difference[] {
  const made: Difference[] = [];
  for (const [key, wanted] of like.settings) {
    const had = state.settings.get(key);
    if (had?.value === wanted.value) continue;
    made.push({
      what: settingWords(wanted),
      is: had ? 'different' : 'missing',
      statements: sql.set(name, wanted),
    });
  }
  for (const [key, had] of state.settings) {
    if (like.settings.has(key)) continue;
    made.push({ what: settingWords(had), is: 'too much', statements: [sql.reset(name, had)] });
  }
  return made;
}

function settingWords({
  name,
  database,
}: {
  readonly name: string;
  readonly database: string | undefined;
}): string {
  return `setting ${name}${database === undefined ? '' : ` in database "${database}"`}`;
}

function grantDifferences({ name, state, like }: Likeness, sql: RoleStatements): Difference[] {
  const made: Difference[] = [];
  for (const [key, wanted] of like.grants) {
    const had = state.grants.get(key);
    if (had?.grantable === wanted.grantable) continue;
    const tooMuch = had?.grantable === true;
    made.push({
      what: grantWords(wanted),
      is: had ? 'different' : 'missing',
      statements: [tooMuch ? sql.revokeGrantOption(name, wanted) : sql.grant(name, wanted)],
    });
  }
  for (const [key, had] of state.grants) {
    if (like.grants.has(key)) continue;
    made.push({ what: grantWords(had), is: 'too much', statements: [sql.revoke(name, had)] });
  }
  return made;
}

function grantWords({ scope, privilege, object }: DirectGrant): string {
  return `${privilege} on ${object}${scope === '' ? '' : ` by ${scope.toLowerCase()}`}`;
}
