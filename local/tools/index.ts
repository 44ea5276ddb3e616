import { GoLiveError } from '../../core/shared/errors';
import { installingAlone } from '../installing-alone';
import { thisMachine, type Machine } from './machine';
import { PackageManager } from './packages';
import { chromium, moto, postgres, redis, type Program } from './programs';

/** The programs that the local platform needs beyond npm. */
export interface Tools {
  /** Where initdb, postgres, pg_dump, pg_restore and psql of one version lie. */
  readonly postgresBin: string;
  /** valkey-server or redis-server. */
  readonly redisServer: string;
  readonly motoServer: string;
}

/** What the tests need beside it. */
export interface TestTools extends Tools {
  readonly chromium: string;
}

export class MissingToolError extends GoLiveError {
  readonly code = 'MissingToolError';
}

export interface ToolSearch {
  /** What the programs are for. @default platform */
  readonly for?: 'platform' | 'tests';
  /** Install what is missing with the machine's package manager, where that is possible. @default true */
  readonly install?: boolean;
  readonly log?: (line: string) => void;
  /** @default this one */
  readonly machine?: Omit<Machine, 'log'>;
}

const PROGRAMS: Readonly<Record<keyof TestTools, Program>> = {
  postgresBin: postgres,
  redisServer: redis,
  motoServer: moto,
  chromium,
};
const FOR_TESTS_ALONE: readonly string[] = ['chromium'];

/**
 * Finds the programs, and installs what is missing with the machine's own package manager where that needs no
 * question (root on Debian or Fedora, Homebrew on macOS).
 *
 * @throws MissingToolError naming every missing program and the command that installs it
 */
export async function requireTools(search: ToolSearch & { readonly for: 'tests' }): Promise<TestTools>;
export async function requireTools(search?: ToolSearch): Promise<Tools>;
export async function requireTools(search: ToolSearch = {}): Promise<Tools> {
  const machine = machineOf(search);
  const missing = () => Object.entries(PROGRAMS).filter(([name]) => isMissing(name, found, search));
  let found = await findTools(search);
  if ((search.install ?? true) && missing().length > 0) {
    await installingAlone(async () => {
      // Another run may have installed it while this one waited.
      found = await findTools(search);
      const packages = new PackageManager(machine);
      for (const [, program] of missing()) await program.install(machine, packages);
      found = await findTools(search);
    });
  }
  const lacking = missing();
  if (lacking.length === 0) return found as Tools;
  throw new MissingToolError(
    [
      'what GoLive needs beyond npm is not on this machine:',
      ...lacking.flatMap(([, program]) => [
        `  ${program.what}`,
        `    install with:  ${program.command(machine)}`,
      ]),
      'then run the same command again',
    ].join('\n'),
  );
}

/** Looks without installing. */
export async function findTools(search: ToolSearch = {}): Promise<Partial<TestTools>> {
  const machine = machineOf(search);
  const found = await Promise.all(
    Object.entries(PROGRAMS).map(async ([name, program]) => [name, await program.find(machine)] as const),
  );
  return Object.fromEntries(found.filter(([, place]) => place !== undefined));
}

function machineOf({ machine, log = () => undefined }: ToolSearch): Machine {
  return machine ? { ...machine, log } : thisMachine(log);
}

function isMissing(name: string, found: Partial<TestTools>, search: ToolSearch): boolean {
  if (search.for !== 'tests' && FOR_TESTS_ALONE.includes(name)) return false;
  return found[name as keyof TestTools] === undefined;
}
