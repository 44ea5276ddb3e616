import type { Client } from 'pg';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import { saidBy } from '../../shared/errors';
import { scramVerifier } from '../rotation/scram';
import { adopt, describeForeign, foreignObjects } from './adopt';
import { RolesIncompleteError, RolesNotMadeError } from './errors';
import { withBootstrapLock } from './lock';
import { roleAfterLogin, type Login } from './logins';
import { notesOn } from './notes';
import { bypassRowSecurity, planRoles, setPassword, type Change, type WantedRoles } from './plan';
import { refuseDangers } from './refuse';
import { readState } from './state';

export interface BootstrapRoles {
  /** The database, as the master, who is no superuser and may make roles. */
  readonly connect: PostgresEndpoint;
  /** The role that owns everything the product makes. */
  readonly owner: string;
  /** The services' login, as its secret's current version has it: of the two that alternate, the one in use. */
  readonly app: Login;
  /** The dumps' login. */
  readonly backup: Login;
  /** Whether what the master or an app login owns becomes the owner's. @default false: it is noted */
  readonly adoptObjects?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface BootstrappedRoles {
  /** What was changed, in its order, without secrets; empty when all was as it is to be. */
  readonly changes: readonly string[];
  /** What is worth knowing and was not changed, each with what to do. */
  readonly notes: readonly string[];
}

const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Makes the roles of a database, or what is missing of them: an owner that nobody logs in as; a login for services
 * that acts as the owner from its first statement on; and a login for dumps that reads everything and writes nothing.
 *
 * All statements are one transaction, but for a password, which is only changed when the secret's does not log in: after
 * a rotation the server is right, and the secret too. Nothing is taken away from anybody else.
 *
 * @throws RolesRefusedError, BootstrapBusyError, RolesNotMadeError, RolesIncompleteError, PasswordNotSupportedError,
 *   the errors of `withSession`, or the signal's reason
 */
export async function bootstrapRoles(bootstrap: BootstrapRoles): Promise<BootstrappedRoles> {
  const { connect, owner, app, backup, adoptObjects = false, signal } = bootstrap;
  const wanted: WantedRoles = {
    owner,
    database: connect.database,
    app: { username: app.username, verifier: scramVerifier(app.password) },
    backup: { username: backup.username, verifier: scramVerifier(backup.password) },
  };
  const limits = { signal, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return await withSession(connect, 'golive-bootstrap', limits, (session) =>
    withBootstrapLock(session, connect.database, async () => {
      refuseDangers(await readState(session), wanted);
      const made = await inTransaction(session, () => makeRoles(session, wanted, adoptObjects));
      const passwords = [
        ...(await settlePassword(session, connect, app, wanted.app, signal)),
        ...(await settlePassword(session, connect, backup, wanted.backup, signal)),
      ];
      await requireComplete(session, wanted);
      await requireActsAs(connect, app, owner, signal);
      await requireActsAs(connect, backup, backup.username, signal);
      return {
        changes: [...made, ...passwords],
        notes: await notesOn(session, await readState(session), wanted),
      };
    }),
  );
}

async function makeRoles(session: Client, wanted: WantedRoles, adoptObjects: boolean): Promise<string[]> {
  const { owner, app, backup } = wanted;
  await waitForRotations(session);
  const changes = await apply(session, planRoles(await readState(session), wanted));
  const state = await readState(session);
  if (adoptObjects) {
    for (const foreign of await foreignObjects(session, state, { owner, appUsername: app.username })) {
      await said(`REASSIGN OWNED BY "${foreign.role}"`, () => adopt(session, state, foreign.role, owner));
      changes.push(`"${owner}" owns ${describeForeign(foreign)} now`);
    }
  }
  if (!state.roles.get(backup.username)?.bypassesRowSecurity) {
    const change = bypassRowSecurity(backup.username);
    if (await ifAllowed(session, change.sql)) changes.push(change.what);
  }
  return changes;
}

/** Until the transaction ends: two who change one role at once fail with "tuple concurrently updated". */
async function waitForRotations(session: Client): Promise<void> {
  await session.query("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('golive rotation'))");
}

async function apply(session: Client, changes: readonly Change[]): Promise<string[]> {
  for (const { what, sql } of changes) await said(what, () => session.query(sql));
  return changes.map(({ what }) => what);
}

/** A rotation may have set a password that is not current yet, and finishes by itself. */
async function settlePassword(
  session: Client,
  connect: PostgresEndpoint,
  { pending, ...current }: Login,
  wanted: WantedRoles['app'],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const known = pending?.username === current.username ? [current, pending] : [current];
  return await inTransaction(session, async () => {
    await waitForRotations(session);
    for (const credentials of known)
      if ((await roleAfterLogin(connect, credentials, signal)) !== undefined) return [];
    return await apply(session, [setPassword(wanted)]);
  });
}

/** `GRANT` warns, and does nothing, when who grants has no right to. */
async function requireComplete(session: Client, wanted: WantedRoles): Promise<void> {
  const state = await readState(session);
  const missing = planRoles(state, wanted);
  if (missing.length === 0) return;
  throw new RolesIncompleteError(
    `the server did not do all that "${state.master}" asked for; run as the master user of the instance, or as who owns the database and its schema public: ${missing.map(({ what }) => what).join('; ')}`,
  );
}

/** The proof of it all, by the door that the services and the dumps use. */
async function requireActsAs(
  connect: PostgresEndpoint,
  { pending, ...current }: Login,
  role: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const known = [current, ...(pending ? [pending] : [])];
  const seen: (string | undefined)[] = [];
  for (const credentials of known) {
    const acts = await roleAfterLogin(connect, credentials, signal);
    if (acts === role) return;
    seen.push(acts);
  }
  const acts = seen.find((each) => each !== undefined);
  throw new RolesIncompleteError(
    acts === undefined
      ? `the server still refuses the password that was set for "${current.username}"; look whether a rotation changed it meanwhile, and run this again`
      : `a session of "${current.username}" acts as "${acts}", not as "${role}"; look for ALTER ROLE … IN DATABASE … SET role (\\drds in psql), take that back, and run this again`,
  );
}

async function inTransaction<T>(session: Client, work: () => Promise<T>): Promise<T> {
  await session.query('BEGIN');
  try {
    const result = await work();
    await session.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that is gone has rolled back by itself, and its error is the one to tell.
    await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Inside a transaction. @returns whether the server took it, or this user may not */
async function ifAllowed(session: Client, sql: string): Promise<boolean> {
  await session.query('SAVEPOINT optional');
  try {
    await session.query(sql);
    await session.query('RELEASE SAVEPOINT optional');
    return true;
  } catch (error) {
    await session.query('ROLLBACK TO SAVEPOINT optional');
    // insufficient_privilege
    if ((error as { code?: string }).code === '42501') return false;
    throw error;
  }
}

/** The server's word on a statement, and never the statement itself, which may hold a verifier. */
async function said(what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw new RolesNotMadeError(
      `the server refused ${what}: ${saidBy(error)}; nothing was changed. Run it as the master user of the instance, which must have made these roles or have been granted them WITH ADMIN OPTION`,
      { cause: error },
    );
  }
}
