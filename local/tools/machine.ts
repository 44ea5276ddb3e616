import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { allExecutable } from '../../core/postgres/program-folders';

const run = promisify(execFile);

/** What is looked at and installed on. A test has one of its own. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  /** The folders of PATH. */
  readonly path: readonly string[];
  readonly home: string | undefined;
  /** The Python environment that is active. */
  readonly virtualEnvironment: string | undefined;
  /** Where its files begin. */
  readonly root: string;
  /** Told of every command that is run to install something, and of how it failed. */
  readonly log: (line: string) => void;
}

export function thisMachine(log: (line: string) => void): Machine {
  const { PATH = '', HOME, VIRTUAL_ENV } = process.env;
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    path: PATH.split(delimiter).filter(Boolean),
    home: HOME,
    virtualEnvironment: VIRTUAL_ENV,
    root: '/',
    log,
  };
}

/** The first of the folders that has every one of these programs. */
export async function folderOf(
  programs: readonly string[],
  folders: readonly string[],
): Promise<string | undefined> {
  for (const folder of folders) if (await allExecutable(folder, programs)) return folder;
  return undefined;
}

/** The first of these programs that is in any of the folders. */
export async function firstProgram(
  names: readonly string[],
  folders: readonly string[],
): Promise<string | undefined> {
  for (const name of names) {
    const folder = await folderOf([name], folders);
    if (folder !== undefined) return join(folder, name);
  }
  return undefined;
}

export async function has({ path }: Machine, program: string): Promise<boolean> {
  return (await folderOf([program], path)) !== undefined;
}

/** Runs a command that asks nothing; says whether it worked. */
export async function attempt(
  { log, path }: Machine,
  command: string,
  args: readonly string[],
): Promise<boolean> {
  log(`installing: ${command} ${args.join(' ')}`);
  try {
    await run(command, args, {
      env: { ...process.env, PATH: path.join(delimiter), DEBIAN_FRONTEND: 'noninteractive' },
    });
    return true;
  } catch (error) {
    log(`  did not work: ${(error as Error).message.split('\n')[0] ?? ''}`);
    return false;
  }
}
