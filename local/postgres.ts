import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { GoLiveError } from '../core/shared/errors';
import { postgresClient, type PostgresEndpoint } from '../core/postgres/endpoint';
import { unprivilegedUser, type SystemUser } from '../core/postgres/unprivileged-user';
import { makeLocalCertificates } from './certificates';
import { writeOwned } from './owned-file';
import { startOnFreePort } from './start-on-free-port';
import { Supervisor } from './supervisor';
import { findTools, requireTools } from './tools';

const run = promisify(execFile);

export interface PostgresOptions {
  /** @default a supervisor of its own, stopped with the server */
  readonly supervisor?: Supervisor;
  /** The master user's name and password, as RDS would make it. @default `golive_admin` and a random one */
  readonly master?: { readonly user: string; readonly password: string };
  /** The first database, owned by the master. @default golive */
  readonly database?: string;
  /** Further server settings, such as `{ shared_buffers: '64MB' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server of this machine's own version, with TLS and with an RDS-like master user. */
export interface LocalPostgres {
  /** As RDS would give it to a client: the master user, who is no superuser. */
  readonly master: PostgresEndpoint;
  /** The cluster's superuser, whom RDS keeps to itself: for looking and for faults, not for the platform's work. */
  readonly superuser: PostgresEndpoint;
  readonly caFile: string;
  /** The folder of pg_dump, pg_restore and psql. */
  readonly binFolder: string;
  /** Such as `15.18`. */
  readonly version: string;
  /** The postmaster's process id. */
  readonly pid: number;
  /** Makes an empty database owned by the master and returns the master's endpoint of it. */
  createDatabase(name: string): Promise<PostgresEndpoint>;
  /** Runs `use` with a connected client and ends it. */
  query<T>(endpoint: PostgresEndpoint, use: (client: Client) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export class LocalPostgresError extends GoLiveError {
  readonly code = 'LocalPostgresError';
}

/** Makes a cluster in a temporary folder, starts it on a free port and waits until it answers over TLS. */
export async function startPostgres(options: PostgresOptions = {}): Promise<LocalPostgres> {
  const binFolder = (await findTools()).postgresBin ?? (await requireTools()).postgresBin;
  const supervisor = options.supervisor ?? Supervisor.start();
  const stop = options.supervisor ? () => supervisor.stopService(SERVICE) : () => supervisor.stop();
  try {
    const folder = await supervisor.temporaryFolder('golive-pg-');
    const user = await unprivilegedUser();
    if (user) await chown(folder, user.uid, user.gid);
    const password = randomBytes(24).toString('base64url');
    const caFile = await initialise({ binFolder, folder, user, password, supervisor });
    const { port, pid } = await startServer({
      binFolder,
      folder,
      user,
      supervisor,
      settings: options.settings ?? {},
    });
    const superuser: PostgresEndpoint = {
      host: 'localhost',
      port,
      database: 'postgres',
      user: SUPERUSER,
      password,
      caFile,
    };
    const master = options.master ?? {
      user: 'golive_admin',
      password: randomBytes(24).toString('base64url'),
    };
    const database = options.database ?? 'golive';
    const version = await withClient(superuser, async (client) => {
      await createRdsRoles(client, master);
      await createDatabase(client, database, master.user);
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return rows[0]?.server_version.split(' ')[0] ?? 'unknown';
    });
    const masterEndpoint = { ...superuser, ...master, database };
    return {
      master: masterEndpoint,
      superuser,
      caFile,
      binFolder,
      version,
      pid,
      query: withClient,
      createDatabase: async (name) => {
        await withClient(superuser, (client) => createDatabase(client, name, master.user));
        return { ...masterEndpoint, database: name };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** RDS's own superuser is called so too. */
const SUPERUSER = 'rdsadmin';
const SERVICE = 'postgres';
const CERTIFICATE = 'server.crt';
const KEY = 'server.key';
const AUTHORITY = 'authority.pem';

interface Initialisation {
  readonly binFolder: string;
  readonly folder: string;
  readonly user: SystemUser | undefined;
  readonly password: string;
  readonly supervisor: Supervisor;
}

/** Makes the cluster and its certificates; returns the file of the authority. */
async function initialise(initialisation: Initialisation): Promise<string> {
  const { binFolder, folder, user, password, supervisor } = initialisation;
  const passwordFile = join(folder, 'password');
  await writeOwned(passwordFile, `${password}\n`, user);
  const logFile = join(folder, 'initdb.log');
  const { code, signal } = await supervisor.run({
    name: 'initdb',
    command: join(binFolder, 'initdb'),
    args: [
      `--pgdata=${join(folder, 'data')}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
      '--no-instructions',
    ],
    env: { PATH: binFolder, LANG: 'C.UTF-8' },
    cwd: folder,
    user,
    logFile,
    stopSignal: 'SIGKILL',
  });
  if (code !== 0) {
    const log = await readFile(logFile, 'utf8');
    throw new LocalPostgresError(`initdb failed (${signal ?? `exit code ${code}`}); it says:\n${log.trim()}`);
  }
  const certificates = await makeLocalCertificates();
  await writeOwned(join(folder, 'data', CERTIFICATE), certificates.certificate, user);
  await writeOwned(join(folder, 'data', KEY), certificates.privateKey, user);
  // `rds.force_ssl=1` in RDS's terms: no line for plaintext over the network.
  await writeOwned(join(folder, 'data', 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n', user);
  // In a folder that others may enter: the functions that trust it need not be PostgreSQL's user.
  const publicFolder = join(folder, 'public');
  await mkdir(publicFolder);
  const caFile = join(publicFolder, AUTHORITY);
  await writeFile(caFile, certificates.authority, { mode: 0o644 });
  return caFile;
}

interface Start {
  readonly binFolder: string;
  readonly folder: string;
  readonly user: SystemUser | undefined;
  readonly supervisor: Supervisor;
  readonly settings: Readonly<Record<string, string>>;
}

async function startServer(start: Start): Promise<{ port: number; pid: number }> {
  const { binFolder, folder, user, supervisor } = start;
  const environment = { PATH: binFolder };
  return await startOnFreePort(supervisor, {
    folder,
    specification: (port) => ({
      name: SERVICE,
      command: join(binFolder, 'postgres'),
      args: ['-D', join(folder, 'data'), '-p', String(port), ...settingArguments(start)],
      env: { ...environment, LANG: 'C.UTF-8', TZ: 'UTC' },
      cwd: folder,
      user,
      // Immediate shutdown: the cluster is thrown away, nothing needs a checkpoint.
      stopSignal: 'SIGQUIT',
    }),
    answers: (port) =>
      run(join(binFolder, 'pg_isready'), ['-q', '-h', 'localhost', '-p', String(port)], {
        env: environment,
      }).then(
        () => true,
        () => false,
      ),
    timeoutMs: 30_000,
    failed: (log) => new LocalPostgresError(`PostgreSQL did not start; its log says:\n${log}`),
  });
}

function settingArguments({ folder, settings }: Start): string[] {
  const all: Record<string, string> = {
    listen_addresses: 'localhost',
    unix_socket_directories: folder,
    ssl: 'on',
    ssl_cert_file: CERTIFICATE,
    ssl_key_file: KEY,
    max_connections: '60',
    shared_buffers: '128MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    timezone: 'UTC',
    // Nothing here outlives the process, so nothing needs to survive a crash of the machine.
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * The master user as RDS makes it: no superuser, but a member of `rds_superuser`, with CREATEDB and CREATEROLE.
 * A platform tested as superuser hides what RDS forbids.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
 */
async function createRdsRoles(client: Client, master: { user: string; password: string }): Promise<void> {
  const user = escapeIdentifier(master.user);
  await client.query('CREATE ROLE rds_superuser NOLOGIN');
  await client.query(
    'GRANT pg_monitor, pg_signal_backend, pg_read_all_data, pg_write_all_data, pg_checkpoint ' +
      'TO rds_superuser WITH ADMIN OPTION',
  );
  await client.query(
    `CREATE ROLE ${user} LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser PASSWORD ${escapeLiteral(master.password)}`,
  );
}

async function createDatabase(client: Client, name: string, owner: string): Promise<void> {
  await client.query(
    `CREATE DATABASE ${escapeIdentifier(name)} OWNER ${escapeIdentifier(owner)} TEMPLATE template0`,
  );
}

async function withClient<T>(endpoint: PostgresEndpoint, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await postgresClient(endpoint, 'golive-local');
  // A server that is stopped while a client idles must not crash the process that tests it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
