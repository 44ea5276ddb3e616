import type { Client } from 'pg';
import { DatabaseSecretWithMaster, RotatedDatabaseSecret } from './database-secret';
import {
  inTransaction,
  logsIn,
  refuseOtherHost,
  withUser,
  type DatabaseAccess,
  type DatabaseRotationOptions,
} from './database-user';
import { NoWorkingCredentialsError, RotationUserMismatchError } from './errors';
import { withMaster, type MasterOptions } from './master';
import { newPassword } from './password';
import { proveAccess } from './prove-access';
import { roleStatements } from './role-sql';
import { versionNumberOf } from './role-state';
import { scramVerifier } from './scram';
import type { RotationStrategy, SecretVersions } from './strategy';

/** The user sets its own password: the way of the master, whom nobody else can help. */
export interface SingleUserSelfOptions extends DatabaseRotationOptions, DatabaseAccess {
  readonly mode: 'self';
}

/** The master sets it, so the user needs no password that still works, and no right to change it. */
export interface SingleUserByMasterOptions extends MasterOptions, DatabaseAccess {
  readonly mode: 'by-master';
  /** The one user that the master may do this for, whatever the secret says. */
  readonly username: string;
}

export type SingleUserOptions = SingleUserSelfOptions | SingleUserByMasterOptions;

/**
 * One user, whose password is replaced. Between set and finish, seconds, the current password does not log in any
 * more and the pending one does: only for users whose clients can wait and read the secret again.
 */
export function singleUser(options: SingleUserSelfOptions): RotationStrategy<RotatedDatabaseSecret>;
export function singleUser(options: SingleUserByMasterOptions): RotationStrategy<DatabaseSecretWithMaster>;
export function singleUser(
  options: SingleUserOptions,
): RotationStrategy<RotatedDatabaseSecret> | RotationStrategy<DatabaseSecretWithMaster> {
  return options.mode === 'self'
    ? strategy(options, RotatedDatabaseSecret, (versions) => setBySelf(options, versions))
    : strategy(options, DatabaseSecretWithMaster, (versions) => setByMaster(options, versions));
}

function strategy<S extends RotatedDatabaseSecret>(
  options: SingleUserOptions,
  schema: RotationStrategy<S>['schema'],
  setPassword: (versions: SecretVersions<S>) => Promise<void>,
): RotationStrategy<S> {
  return {
    schema,
    create: async ({ current }) => ({
      ...current,
      password: await newPassword(options.secretsManager, options.passwords),
    }),
    set: async (versions) => {
      const { current, pending } = versions;
      refuseOtherUser(current, pending);
      refuseOtherHost(current, pending);
      // Done by an earlier try.
      if (await logsIn(options, pending)) return;
      await setPassword(versions);
    },
    test: async ({ current, pending }) => {
      refuseOtherUser(current, pending);
      await withUser(options, pending, (client) => proveAccess(client, pending.username, options));
    },
  };
}

/** By whichever password works: the current one, or the previous one after somebody restored the database. */
async function setBySelf(
  options: SingleUserSelfOptions,
  { current, pending, previous }: SecretVersions<RotatedDatabaseSecret>,
): Promise<void> {
  const candidates = [current];
  if (previous && previous.username === current.username && previous.host === current.host) {
    candidates.push(previous);
  }
  for (const candidate of candidates) {
    if (!(await logsIn(options, candidate))) continue;
    await withUser(options, candidate, (client) => alterPassword(client, pending));
    return;
  }
  throw new NoWorkingCredentialsError(
    `none of AWSPENDING, AWSCURRENT and AWSPREVIOUS logs in as "${current.username}" at ${current.host}; reset that user's password, for the master with ModifyDBInstance, write it into the secret, and rotate again`,
  );
}

async function setByMaster(
  options: SingleUserByMasterOptions,
  { current, pending }: SecretVersions<DatabaseSecretWithMaster>,
): Promise<void> {
  if (current.username !== options.username) {
    throw new RotationUserMismatchError(
      `the secret is of "${current.username}" and this function serves "${options.username}" only; correct "username" in the secret`,
    );
  }
  await withMaster(options, current, (master) => alterPassword(master, pending));
}

async function alterPassword(client: Client, { username, password }: RotatedDatabaseSecret): Promise<void> {
  const statement = roleStatements(await versionNumberOf(client)).setPassword(
    username,
    scramVerifier(password),
  );
  await inTransaction(client, () => client.query(statement));
}

function refuseOtherUser(current: RotatedDatabaseSecret, pending: RotatedDatabaseSecret): void {
  if (current.username === pending.username) return;
  throw new RotationUserMismatchError(
    `AWSPENDING is of "${pending.username}" and AWSCURRENT of "${current.username}"; take the label AWSPENDING off its version with UpdateSecretVersionStage, then rotate again`,
  );
}
