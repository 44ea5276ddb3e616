import type { Client } from 'pg';
import { DatabaseAuthenticationError } from '../../postgres/errors';
import { DatabaseSecretWithMaster } from './database-secret';
import {
  inTransaction,
  isRefusal,
  logsIn,
  refuseOtherHost,
  withUser,
  type DatabaseAccess,
} from './database-user';
import {
  NoWorkingCredentialsError,
  PendingRightsError,
  RoleNotChangedError,
  RotationUserMismatchError,
} from './errors';
import { withMaster, type MasterOptions } from './master';
import { newPassword } from './password';
import { proveAccess, proveAlike } from './prove-access';
import { actingAs, differences } from './role-difference';
import { roleStatements } from './role-sql';
import { readRole, versionNumberOf } from './role-state';
import { scramVerifier } from './scram';
import type { RotationStrategy, SecretVersions } from './strategy';

export type AlternatingUsersOptions = MasterOptions & DatabaseAccess;

type Secret = DatabaseSecretWithMaster;

const CLONE = '_clone';
/** Of a name in PostgreSQL, which cuts off the rest. */
const NAME_BYTES = 63;

/**
 * Two users who take turns: whoever is current keeps its password until the rotation after this one, so that nobody
 * who uses it notices. The master makes the other one, or makes it like the current one again.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#rotation-strategy
 */
export function alternatingUsers(options: AlternatingUsersOptions): RotationStrategy<Secret> {
  return {
    schema: DatabaseSecretWithMaster,
    create: async ({ current }) => ({
      ...current,
      username: alternateOf(current.username),
      password: await newPassword(options.secretsManager, options.passwords),
    }),
    set: (versions) => setPending(options, versions),
    test: async ({ current, pending }) => {
      refuseOtherUser(current, pending);
      await withUser(options, pending, async (client) => {
        await proveAlike(client, current.username, pending.username, options);
        await proveAccess(client, pending.username, options);
      });
    },
  };
}

/**
 * `app` of `app_clone`, and the other way round.
 *
 * @throws RotationUserMismatchError when PostgreSQL could not tell the two apart
 */
export function alternateOf(username: string): string {
  const alternate = username.endsWith(CLONE) ? username.slice(0, -CLONE.length) : `${username}${CLONE}`;
  if (alternate !== '' && Buffer.byteLength(alternate) <= NAME_BYTES) return alternate;
  throw new RotationUserMismatchError(
    `the user "${username}" and its alternate must have 1 to ${NAME_BYTES} bytes; take a name of at most ${NAME_BYTES - CLONE.length}`,
  );
}

async function setPending(
  options: AlternatingUsersOptions,
  { current, pending }: SecretVersions<Secret>,
): Promise<void> {
  refuseOtherUser(current, pending);
  refuseOtherHost(current, pending);
  if (await isSet(options, current, pending)) return;
  // Whoever could write the secret, but does not know the user's password, could have the master work for them.
  if (!(await logsIn(options, current))) {
    throw new NoWorkingCredentialsError(
      `AWSCURRENT does not log in as "${current.username}" at ${current.host}, so the master does nothing for it; correct the secret or set that role's password to its own, and rotate again`,
    );
  }
  const verifier = scramVerifier(pending.password);
  await withMaster(options, current, async (master) => {
    try {
      await inTransaction(master, () => makeAlike(master, options, current, pending, verifier));
    } catch (error) {
      throw notChanged(error, pending.username);
    }
  });
}

/** Done by an earlier try, and nobody has taken rights away since. */
async function isSet(options: AlternatingUsersOptions, current: Secret, pending: Secret): Promise<boolean> {
  try {
    await withUser(options, pending, (client) =>
      proveAlike(client, current.username, pending.username, options),
    );
    return true;
  } catch (error) {
    if (error instanceof DatabaseAuthenticationError || error instanceof PendingRightsError) return false;
    throw error;
  }
}

function refuseOtherUser(current: Secret, pending: Secret): void {
  const expected = alternateOf(current.username);
  if (pending.username === expected) return;
  throw new RotationUserMismatchError(
    `AWSPENDING is of "${pending.username}" and the alternate of "${current.username}" is "${expected}"; take the label AWSPENDING off its version with UpdateSecretVersionStage, then rotate again`,
  );
}

async function makeAlike(
  master: Client,
  { ownerRole }: DatabaseAccess,
  { username: currentName }: Secret,
  { username: name }: Secret,
  verifier: string,
): Promise<void> {
  // Two functions that change the members of one role at once: the second would fail with "tuple concurrently updated".
  await master.query("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('golive rotation'))");
  const versionNumber = await versionNumberOf(master);
  const sql = roleStatements(versionNumber);
  const exists = (await readRole(master, name, versionNumber)) !== undefined;
  await master.query(exists ? sql.setPassword(name, verifier) : sql.create(name, verifier));
  const current = await readRole(master, currentName, versionNumber);
  const pending = await readRole(master, name, versionNumber);
  if (!current || !pending) {
    throw new RoleNotChangedError(
      `there is no role "${current ? name : currentName}" any more; see who has dropped it, and rotate again`,
    );
  }
  const likeness = { name, state: pending, likeName: currentName, like: actingAs(ownerRole, current) };
  for (const { statements } of differences(likeness, sql)) {
    for (const statement of statements) await master.query(statement);
  }
}

function notChanged(error: unknown, name: string): unknown {
  if (!isRefusal(error)) return error;
  return new RoleNotChangedError(
    `the master may not make role "${name}" what it should be: ${error.message} (SQLSTATE ${error.code}); nothing was changed: give the master that right, with ADMIN OPTION on the roles concerned from PostgreSQL 16 on, and rotate again`,
    { cause: error },
  );
}
