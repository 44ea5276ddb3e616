import { randomBytes } from 'node:crypto';
import { chown, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GoLiveError } from '../shared/errors';
import { ownedPrefix } from '../shared/left-folders';
import { Supervisor } from '../shared/supervisor';
import type { PostgresEndpoint } from './endpoint';
import type { ServerPrograms } from './server-programs';
import { withSession } from './session';
import { DATA, ownServers, THROW_AWAY_PREFIX } from './throw-away-folders';
import { unprivilegedUser, type SystemUser } from './unprivileged-user';

/** A PostgreSQL server that lives in a private folder, and only as long as it is used. */
export interface ThrowAwayServer {
  /** Its superuser, in the database `template1`. */
  readonly administrator: PostgresEndpoint;
  /** Goes with the server: for what else must not stay. */
  readonly folder: string;
  readonly programs: ServerPrograms;
}

/** The server was not made, or did not start. */
export class ThrowAwayServerError extends GoLiveError {
  readonly code = 'ThrowAwayServerError';
}

export interface ThrowAwayServerOptions {
  readonly programs: ServerPrograms;
  /** The folder in which the server's own is made. @default - the machine's temporary folder */
  readonly temporaryFolder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** RDS's own is called so, and owns what PostgreSQL makes beside what is asked for, such as a range's functions. */
const SUPERUSER = 'rdsadmin';
const SERVICE = 'postgres';
const START_TIMEOUT_MS = 60_000;
/** Of a socket's path, with the zero at its end: Linux has 108 and macOS 104. */
const SOCKET_PATH_BYTES = 104;
/** Names the socket's file; nothing listens on it. */
const PORT = 5432;

/**
 * Makes a server, lends it to `use`, and stops and removes it, however `use` ends; and however this process ends, for
 * the server belongs to a supervisor. It listens on a socket in its own folder only, which nobody else may enter, and
 * wants a password there too.
 *
 * It has no durability: a crash of the machine may spoil it, and nobody would miss it. That makes a restore faster
 * than one into a server that keeps what it is given.
 *
 * @throws ThrowAwayServerError, NoUnprivilegedUserError, SupervisorError; the signal's reason, or what `use` throws
 */
export async function withThrowAwayServer<T>(
  options: ThrowAwayServerOptions,
  use: (server: ThrowAwayServer) => Promise<T>,
): Promise<T> {
  const { programs, temporaryFolder = tmpdir(), signal } = options;
  signal?.throwIfAborted();
  const user = await unprivilegedUser();
  const supervisor = Supervisor.start();
  ownServers.add(supervisor);
  try {
    const folder = await supervisor.temporaryFolder(ownedPrefix(THROW_AWAY_PREFIX), temporaryFolder);
    refuseLongPath(folder);
    if (user) await chown(folder, user.uid, user.gid);
    const password = randomBytes(24).toString('base64url');
    const place: Place = { supervisor, programs, folder, user };
    await initialise(place, password);
    signal?.throwIfAborted();
    const administrator: PostgresEndpoint = {
      host: folder,
      port: PORT,
      database: 'template1',
      user: SUPERUSER,
      password,
      // A socket has no certificate.
      caFile: '',
    };
    await start(place, administrator, signal);
    return await use({ administrator, folder, programs });
  } finally {
    await supervisor.stop();
    ownServers.delete(supervisor);
  }
}

interface Place {
  readonly supervisor: Supervisor;
  readonly programs: ServerPrograms;
  readonly folder: string;
  readonly user: SystemUser | undefined;
}

function refuseLongPath(folder: string): void {
  if (Buffer.byteLength(join(folder, `.s.PGSQL.${PORT}`)) < SOCKET_PATH_BYTES) return;
  throw new ThrowAwayServerError(
    `${folder} is too long a name for a server's socket; name a temporary folder with a shorter one`,
  );
}

async function initialise({ supervisor, programs, folder, user }: Place, password: string): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  if (user) await chown(passwordFile, user.uid, user.gid);
  const logFile = join(folder, 'initdb.log');
  const { code, signal } = await supervisor.run({
    name: 'initdb',
    command: join(programs.folder, 'initdb'),
    args: [
      `--pgdata=${join(folder, DATA)}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    env: { PATH: programs.folder, LANG: 'C', TZ: 'UTC' },
    cwd: folder,
    user,
    logFile,
    stopSignal: 'SIGKILL',
  });
  await rm(passwordFile);
  if (code === 0) return;
  throw new ThrowAwayServerError(
    `initdb made no server (${signal ?? `exit code ${code}`}): ${await lastLineOf(logFile)}; see to that, and try again`,
  );
}

async function start(
  { supervisor, programs, folder, user }: Place,
  administrator: PostgresEndpoint,
  signal: AbortSignal | undefined,
): Promise<void> {
  const settings = { ...SETTINGS, unix_socket_directories: folder };
  const logFile = join(folder, 'postgres.log');
  let hasEnded = false;
  const stopListening = supervisor.onServiceExit(({ name }) => {
    if (name === SERVICE) hasEnded = true;
  });
  try {
    await supervisor.startService({
      name: SERVICE,
      command: join(programs.folder, 'postgres'),
      args: [
        ...['-D', join(folder, DATA), '-p', String(PORT)],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      env: { PATH: programs.folder, LANG: 'C', TZ: 'UTC' },
      cwd: folder,
      user,
      logFile,
      // Immediate shutdown: nothing needs a checkpoint.
      stopSignal: 'SIGQUIT',
    });
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await answers(administrator))) {
      signal?.throwIfAborted();
      if (hasEnded || performance.now() > deadline) {
        throw new ThrowAwayServerError(
          `the throw-away server did not start: ${await lastLineOf(logFile)}; see to that, and try again`,
        );
      }
      await delay(50);
    }
  } finally {
    stopListening();
  }
}

/** https://www.postgresql.org/docs/17/non-durability.html, and what helps a restore beyond that. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  // Tables that are made and filled in one transaction need no log.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  autovacuum: 'off',
  maintenance_work_mem: '256MB',
  shared_buffers: '256MB',
  // A restore holds a lock on whatever it makes.
  max_locks_per_transaction: '256',
  // A container's /dev/shm may have 64 MB, which the making of one large index fills.
  dynamic_shared_memory_type: 'mmap',
  timezone: 'UTC',
};

async function answers(administrator: PostgresEndpoint): Promise<boolean> {
  return await withSession(administrator, 'golive-throw-away', { statementTimeoutMs: 10_000 }, () =>
    Promise.resolve(true),
  ).catch(() => false);
}

async function lastLineOf(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return log.trim().split('\n').at(-1) || 'it wrote nothing';
}
