import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { allExecutable, versionedFolders } from '../core/postgres/program-folders';
import { GoLiveError } from '../core/shared/errors';
import { installingAlone } from './installing-alone';

const run = promisify(execFile);

/** The programs that the local platform needs beyond npm. */
export interface Tools {
  /** Where initdb, postgres, pg_dump, pg_restore and psql of one version lie. */
  readonly postgresBin: string;
  readonly motoServer: string;
}

export class MissingToolError extends GoLiveError {
  readonly code = 'MissingToolError';
}

const POSTGRES_PROGRAMS = ['initdb', 'postgres', 'pg_ctl', 'pg_dump', 'pg_restore', 'psql'];
const MOTO = 'moto[server]==5.2.1';

export interface ToolSearch {
  /** The machine's PATH. @default process.env.PATH */
  readonly path?: string;
  /** Install what is missing with the machine's package manager, where that is possible. @default true */
  readonly install?: boolean;
  readonly log?: (line: string) => void;
}

/**
 * Finds the programs, and installs what is missing with the machine's own package manager where that needs no
 * question (root on Debian or Fedora, Homebrew on macOS).
 *
 * @throws MissingToolError naming every missing program and the command that installs it
 */
export async function requireTools(search: ToolSearch = {}): Promise<Tools> {
  const log = search.log ?? (() => undefined);
  let found = await findTools(search);
  if ((search.install ?? true) && !(found.postgresBin && found.motoServer)) {
    found = await installingAlone(async () => {
      // Another run may have installed it while this one waited.
      let now = await findTools(search);
      if (!now.postgresBin && (await installPostgres(log))) now = await findTools(search);
      if (!now.motoServer && (await installMoto(log))) now = await findTools(search);
      return now;
    });
  }
  const { postgresBin, motoServer } = found;
  if (postgresBin && motoServer) return { postgresBin, motoServer };
  throw new MissingToolError(
    [
      'what GoLive needs beyond npm is not on this machine:',
      postgresBin ? '' : `  PostgreSQL's server and client programs (${POSTGRES_PROGRAMS.join(', ')})`,
      postgresBin ? '' : `    install them with:  ${postgresCommand()}`,
      motoServer ? '' : '  moto_server, the AWS API emulator',
      motoServer ? '' : `    install it with:    pipx install '${MOTO}'   (pipx: ${pipxCommand()})`,
      'then run the same command again',
    ]
      .filter(Boolean)
      .join('\n'),
  );
}

/** Looks without installing. PostgreSQL: the newest version of which all programs are there. */
export async function findTools(search: ToolSearch = {}): Promise<Partial<Tools>> {
  const path = (search.path ?? process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const home = process.env['HOME'];
  const postgresFolders = [...path, ...(await versionedFolders())];
  const postgresBin = await firstThat(postgresFolders, (folder) => allExecutable(folder, POSTGRES_PROGRAMS));
  const motoFolders = home ? [...path, join(home, '.local/bin')] : path;
  const motoFolder = await firstThat(motoFolders, (folder) => allExecutable(folder, ['moto_server']));
  return {
    ...(postgresBin ? { postgresBin } : {}),
    ...(motoFolder ? { motoServer: join(motoFolder, 'moto_server') } : {}),
  };
}

async function firstThat<T>(
  items: readonly T[],
  holds: (item: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const item of items) if (await holds(item)) return item;
  return undefined;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function has(program: string): Promise<boolean> {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return (await firstThat(path, (folder) => allExecutable(folder, [program]))) !== undefined;
}

function postgresCommand(): string {
  if (process.platform === 'darwin') return 'brew install postgresql@17';
  return 'sudo apt-get install postgresql   (Debian, Ubuntu)   or   sudo dnf install postgresql-server postgresql-contrib';
}

async function installPostgres(log: (line: string) => void): Promise<boolean> {
  if (process.platform === 'darwin' && (await has('brew'))) {
    return await attempt(log, 'brew', ['install', 'postgresql@17']);
  }
  if (!isRoot()) return false;
  if (await has('apt-get')) {
    // Debian's package makes a cluster and starts it unless told otherwise: we want programs, not a service.
    await mkdir('/etc/postgresql-common', { recursive: true });
    await writeFile('/etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n', {
      flag: 'wx',
    }).catch(() => undefined);
    return (
      (await attempt(log, 'apt-get', ['update'])) &&
      (await attempt(log, 'apt-get', ['install', '-y', '--no-install-recommends', 'postgresql']))
    );
  }
  if (await has('dnf')) {
    return await attempt(log, 'dnf', ['install', '-y', 'postgresql-server', 'postgresql-contrib']);
  }
  return false;
}

function pipxCommand(): string {
  if (process.platform === 'darwin') return 'brew install pipx';
  return 'sudo apt-get install pipx   or   sudo dnf install pipx';
}

/**
 * Into a virtual environment that is active; else by pipx, which gives a program an environment of its own: the Python
 * of a distribution refuses what pip would put into it (PEP 668).
 */
async function installMoto(log: (line: string) => void): Promise<boolean> {
  if (process.env['VIRTUAL_ENV'] && (await attempt(log, 'python3', ['-m', 'pip', 'install', MOTO])))
    return true;
  if (!(await has('pipx')) && !(await installPipx(log))) {
    if (!(await has('python3'))) return false;
    return await attempt(log, 'python3', ['-m', 'pip', 'install', ...(isRoot() ? [] : ['--user']), MOTO]);
  }
  return await attempt(log, 'pipx', ['install', MOTO]);
}

async function installPipx(log: (line: string) => void): Promise<boolean> {
  if (process.platform === 'darwin')
    return (await has('brew')) && (await attempt(log, 'brew', ['install', 'pipx']));
  if (!isRoot()) return false;
  if (await has('apt-get')) {
    return (
      (await attempt(log, 'apt-get', ['update'])) &&
      (await attempt(log, 'apt-get', ['install', '-y', '--no-install-recommends', 'pipx']))
    );
  }
  return (await has('dnf')) && (await attempt(log, 'dnf', ['install', '-y', 'pipx']));
}

async function attempt(
  log: (line: string) => void,
  command: string,
  args: readonly string[],
): Promise<boolean> {
  log(`installing: ${command} ${args.join(' ')}`);
  try {
    await run(command, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    return true;
  } catch (error) {
    log(`  did not work: ${(error as Error).message.split('\n')[0] ?? ''}`);
    return false;
  }
}
