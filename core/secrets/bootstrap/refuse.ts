import { RolesRefusedError } from './errors';
import type { RolesState } from './state';

/** Of RDS: who is a member of it is nearly a superuser. */
const RDS_SUPERUSER = 'rds_superuser';

interface RoleNames {
  readonly owner: string;
  readonly app: { readonly username: string };
  readonly backup: { readonly username: string };
}

/**
 * Refuses, before anything is changed, one role for two purposes, and a role that could do more than its purpose: a
 * member of the owner has all that the owner has.
 *
 * @throws RolesRefusedError
 */
export function refuseDangers(state: RolesState, { owner, app, backup }: RoleNames): void {
  const named: readonly (readonly [purpose: string, name: string])[] = [
    ['the owner', owner],
    ['the login of services', app.username],
    ['the login of dumps', backup.username],
    ['the master', state.master],
  ];
  for (const [index, [purpose, name]] of named.entries()) {
    const other = named.slice(index + 1).find(([, otherName]) => otherName === name);
    if (other) {
      throw new RolesRefusedError(
        `"${name}" is to be ${purpose} and ${other[0]} at once; give each secret a user of its own`,
      );
    }
  }
  for (const [purpose, name] of named.slice(0, 3)) refusePowerful(state, purpose, name);
}

function refusePowerful({ roles, memberships, master }: RolesState, purpose: string, name: string): void {
  const tooMuch = memberships.find(
    ({ member, role }) => member === name && (role === master || role === RDS_SUPERUSER),
  );
  const power = roles.get(name)?.isSuperuser
    ? 'is a superuser'
    : tooMuch && `is a member of "${tooMuch.role}"`;
  if (power) {
    throw new RolesRefusedError(
      `"${name}" ${power} and cannot be ${purpose}; take that from it, or name another role`,
    );
  }
}
