import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { CacheRefusal, sendToCache } from '../core/shared/cache-commands';
import { GoLiveError, saidBy } from '../core/shared/errors';
import { unprivilegedUser, type SystemUser } from '../core/postgres/unprivileged-user';
import { makeLocalCertificates } from './certificates';
import { writeOwned } from './owned-file';
import { startOnFreePort } from './start-on-free-port';
import type { Supervisor } from './supervisor';
import { findTools, requireTools } from './tools';

const run = promisify(execFile);

export interface RedisOptions {
  /** Unique within the supervisor. @default redis */
  readonly name?: string;
  /** Further settings, such as `{ maxmemory: '16mb' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A Valkey or Redis server of this machine's own version: TLS alone, no login but those that are made here. */
export interface LocalRedis {
  readonly host: string;
  readonly port: number;
  /** PEM of the authority that its clients are to trust. */
  readonly caFile: string;
  /** Such as `redis-server 7.0.15`. */
  readonly version: string;
  readonly pid: number;
  /**
   * Makes a user, or makes it anew: who is logged in stays so.
   *
   * @param accessString what it may do, as ElastiCache has it: `on ~* &* +@all -@admin -@dangerous`
   * @throws LocalRedisError when the server does not take it
   */
  setUser(name: string, accessString: string, passwords: readonly string[]): Promise<void>;
  /** The same for passwords of which only the SHA-256 is known, in hexadecimal digits. */
  setUserHashes(name: string, accessString: string, hashes: readonly string[]): Promise<void>;
  /** Whether it lets in who comes with this name and this password now. */
  accepts(name: string, password: string): Promise<boolean>;
  stop(): Promise<void>;
}

export class LocalRedisError extends GoLiveError {
  readonly code = 'LocalRedisError';
}

const ADMINISTRATOR = 'golive_admin';
const CERTIFICATE = 'server.crt';
const KEY = 'server.key';
const START_TIMEOUT_MS = 30_000;

/** Starts the server on a free port and waits until it answers over TLS. It ends with the supervisor at the latest. */
export async function startLocalRedis(
  supervisor: Supervisor,
  { name = 'redis', settings = {} }: RedisOptions = {},
): Promise<LocalRedis> {
  const program = (await findTools()).redisServer ?? (await requireTools()).redisServer;
  const folder = await supervisor.temporaryFolder('golive-redis-');
  const user = await unprivilegedUser();
  if (user) await chown(folder, user.uid, user.gid);
  const { caFile, ca } = await writeCertificates(folder, user);
  const administrator = { username: ADMINISTRATOR, password: randomBytes(24).toString('base64url') };
  const configuration = join(folder, 'redis.conf');
  // A file and no arguments: those everybody on the machine can read.
  await writeOwned(configuration, configurationOf(folder, settings, sha256(administrator.password)), user);
  const endpointAt = (port: number) => ({ host: 'localhost', port, ca });
  const { port, pid } = await startOnFreePort(supervisor, {
    folder,
    specification: (port) => ({
      name,
      command: program,
      args: [configuration, '--tls-port', String(port)],
      env: { LANG: 'C.UTF-8', TZ: 'UTC' },
      cwd: folder,
      user,
      // Nothing is kept, so nothing is to be written at its end.
      stopSignal: 'SIGKILL',
    }),
    answers: (port) =>
      sendToCache(endpointAt(port), administrator, [['PING']]).then(
        () => true,
        () => false,
      ),
    timeoutMs: START_TIMEOUT_MS,
    failed: (log) => new LocalRedisError(`${program} did not start; its log says:\n${log}`),
  });
  const setUserHashes: LocalRedis['setUserHashes'] = async (userName, accessString, hashes) => {
    const rules = [
      'reset',
      ...accessString.split(/\s+/).filter(Boolean),
      ...hashes.map((hash) => `#${hash}`),
    ];
    await sendToCache(endpointAt(port), administrator, [['ACL', 'SETUSER', userName, ...rules]]).catch(
      (error: unknown) => {
        throw new LocalRedisError(
          `the cache did not take user "${userName}" with "${accessString}": ${saidBy(error)}; correct its access string`,
          { cause: error },
        );
      },
    );
  };
  return {
    host: 'localhost',
    port,
    caFile,
    version: await versionOf(program),
    pid,
    setUserHashes,
    setUser: (userName, accessString, passwords) =>
      setUserHashes(userName, accessString, passwords.map(sha256)),
    accepts: async (username, password) =>
      await sendToCache(endpointAt(port), { username, password }, []).then(
        () => true,
        (error: unknown) => {
          if (error instanceof CacheRefusal) return false;
          throw error;
        },
      ),
    stop: () => supervisor.stopService(name),
  };
}

/** https://valkey.io/topics/acl/ */
function configurationOf(
  folder: string,
  settings: Readonly<Record<string, string>>,
  passwordHash: string,
): string {
  const all: Record<string, string> = {
    port: '0',
    'tls-cert-file': quoted(join(folder, CERTIFICATE)),
    'tls-key-file': quoted(join(folder, KEY)),
    'tls-auth-clients': 'no',
    'tls-protocols': '"TLSv1.2 TLSv1.3"',
    // Not every machine has the second one.
    bind: '127.0.0.1 -::1',
    dir: quoted(folder),
    daemonize: 'no',
    save: '""',
    appendonly: 'no',
    maxmemory: '64mb',
    // ElastiCache's own default.
    'maxmemory-policy': 'volatile-lru',
    ...settings,
  };
  return [
    ...Object.entries(all).map(([name, value]) => `${name} ${value}`),
    'user default off',
    `user ${ADMINISTRATOR} on ~* &* +@all #${passwordHash}`,
    '',
  ].join('\n');
}

async function writeCertificates(
  folder: string,
  user: SystemUser | undefined,
): Promise<{ caFile: string; ca: string }> {
  const { authority, certificate, privateKey } = await makeLocalCertificates();
  await writeOwned(join(folder, CERTIFICATE), certificate, user);
  await writeOwned(join(folder, KEY), privateKey, user);
  const publicFolder = join(folder, 'public');
  await mkdir(publicFolder);
  const caFile = join(publicFolder, 'authority.pem');
  await writeFile(caFile, authority, { mode: 0o644 });
  return { caFile, ca: authority };
}

/** `Redis server v=7.0.15 sha=…` */
async function versionOf(program: string): Promise<string> {
  const { stdout } = await run(program, ['--version']);
  return `${basename(program)} ${/\bv=(\S+)/.exec(stdout)?.[1] ?? 'of unknown version'}`;
}

function quoted(path: string): string {
  return JSON.stringify(path);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
