import { join } from 'node:path';
import { versionedFolders } from '../../core/postgres/program-folders';
import { attempt, firstProgram, folderOf, has, type Machine } from './machine';
import { commandFor, withoutCluster, type PackageManager, type Packages } from './packages';

/** Something that is needed beyond npm: what it is, where it is, how it comes. */
export interface Program {
  readonly what: string;
  /** The command that installs it, for a person. */
  command(machine: Machine): string;
  find(machine: Machine): Promise<string | undefined>;
  /** @returns whether something was installed */
  install(machine: Machine, packages: PackageManager): Promise<boolean>;
}

const POSTGRES_PROGRAMS = ['initdb', 'postgres', 'pg_ctl', 'pg_dump', 'pg_restore', 'psql'];
const MOTO = 'moto[server]==5.2.1';
/** Valkey is what AWS runs; Redis 6 and newer is the same to us. */
const REDIS_PROGRAMS = ['valkey-server', 'redis-server'];
const CHROMIUM_PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const CHROMIUM_APPLICATIONS = ['Chromium', 'Google Chrome'];

const POSTGRES_PACKAGES: Packages = {
  apt: ['postgresql'],
  dnf: [['postgresql-server', 'postgresql-contrib']],
  brew: ['postgresql@17'],
};
const REDIS_PACKAGES: Packages = {
  apt: ['redis-server'],
  dnf: [['valkey'], ['redis']],
  brew: ['valkey'],
  services: ['redis-server'],
};
const CHROMIUM_PACKAGES: Packages = { apt: ['chromium'], dnf: [['chromium']], brew: ['--cask', 'chromium'] };
const PIPX_PACKAGES: Packages = { apt: ['pipx'], dnf: [['pipx']], brew: ['pipx'] };

/** The newest version of which all programs are there. */
export const postgres: Program = {
  what: `PostgreSQL's server and client programs (${POSTGRES_PROGRAMS.join(', ')})`,
  command: (machine) => commandFor(machine, POSTGRES_PACKAGES),
  find: async ({ path, root }) =>
    await folderOf(POSTGRES_PROGRAMS, [...path, ...(await versionedFolders(root))]),
  install: async (machine, packages) => {
    if (machine.isRoot && (await has(machine, 'apt-get'))) await withoutCluster(machine);
    return await packages.install(POSTGRES_PACKAGES);
  },
};

export const redis: Program = {
  what: `a cache server (${REDIS_PROGRAMS.join(' or ')})`,
  command: (machine) => commandFor(machine, REDIS_PACKAGES),
  find: async ({ path }) => await firstProgram(REDIS_PROGRAMS, path),
  install: async (_, packages) => await packages.install(REDIS_PACKAGES),
};

export const moto: Program = {
  what: 'moto_server, the AWS API emulator',
  command: (machine) => `pipx install '${MOTO}'   (pipx: ${commandFor(machine, PIPX_PACKAGES)})`,
  find: async ({ path, home }) =>
    await firstProgram(['moto_server'], home === undefined ? path : [...path, join(home, '.local/bin')]),
  install: installMoto,
};

export const chromium: Program = {
  what: `a browser (${CHROMIUM_PROGRAMS.join(' or ')})`,
  command: (machine) => commandFor(machine, CHROMIUM_PACKAGES),
  find: async ({ path, platform, root }) =>
    (await firstProgram(CHROMIUM_PROGRAMS, path)) ??
    (platform === 'darwin'
      ? await firstProgram(
          CHROMIUM_APPLICATIONS,
          CHROMIUM_APPLICATIONS.map((name) => join(root, 'Applications', `${name}.app`, 'Contents/MacOS')),
        )
      : undefined),
  install: async (_, packages) => await packages.install(CHROMIUM_PACKAGES),
};

/**
 * Into a virtual environment that is active; else by pipx, which gives a program an environment of its own: the Python
 * of a distribution refuses what pip would put into it (PEP 668).
 */
async function installMoto(machine: Machine, packages: PackageManager): Promise<boolean> {
  const pip = (...options: string[]) =>
    attempt(machine, 'python3', ['-m', 'pip', 'install', ...options, MOTO]);
  if (machine.virtualEnvironment && (await pip())) return true;
  if (!(await has(machine, 'pipx')) && !(await packages.install(PIPX_PACKAGES))) {
    if (!(await has(machine, 'python3'))) return false;
    return await pip(...(machine.isRoot ? [] : ['--user']));
  }
  return await attempt(machine, 'pipx', ['install', MOTO]);
}
