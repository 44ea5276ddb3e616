import { delimiter, join } from 'node:path';
import { GoLiveError } from '../shared/errors';
import { allExecutable, versionedFolders } from './program-folders';
import { outputOf } from './program';
import { programVersion } from './version';

/** PostgreSQL's server programs of one version, with the client programs beside them. */
export interface ServerPrograms {
  readonly folder: string;
  /** Such as `17.5`. */
  readonly version: string;
  readonly majorVersion: number;
}

/** No PostgreSQL server is installed on this machine. */
export class ServerProgramsNotFoundError extends GoLiveError {
  readonly code = 'ServerProgramsNotFoundError';
}

/** The PostgreSQL server that is installed on this machine is of an older major version than it has to be. */
export class ServerProgramsTooOldError extends GoLiveError {
  readonly code = 'ServerProgramsTooOldError';
}

export interface ServerProgramsSearch {
  /** The PATH. */
  readonly path: string;
  /** The major version that is wanted. */
  readonly majorVersion: number;
  /** Where to look after the PATH. @default - where distributions keep versions of their own */
  readonly folders?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PROGRAMS = ['initdb', 'postgres', 'pg_restore'];

/**
 * Finds the programs of a server of one major version, or else of the next newer one that is there.
 *
 * @throws ServerProgramsNotFoundError, ServerProgramsTooOldError; the signal's reason
 */
export async function findServerPrograms(search: ServerProgramsSearch): Promise<ServerPrograms> {
  const { path, majorVersion, signal } = search;
  const folders = [
    ...path.split(delimiter).filter(Boolean),
    ...(search.folders ?? (await versionedFolders())),
  ];
  const found: ServerPrograms[] = [];
  for (const folder of new Set(folders)) {
    if (!(await allExecutable(folder, PROGRAMS))) continue;
    const { stdout } = await outputOf({
      name: join(folder, 'postgres'),
      args: ['--version'],
      environment: { PATH: folder, LANG: 'C' },
      signal,
    });
    const said = programVersion(stdout);
    if (said) found.push({ folder, ...said });
  }
  const [closest] = found
    .filter((programs) => programs.majorVersion >= majorVersion)
    .sort((a, b) => a.majorVersion - b.majorVersion);
  if (closest) return closest;
  if (found.length === 0) {
    throw new ServerProgramsNotFoundError(
      `no PostgreSQL server (${PROGRAMS.join(', ')}) is on this machine; install the server of PostgreSQL ${majorVersion}, as the image of the restore drill does`,
    );
  }
  throw new ServerProgramsTooOldError(
    `this machine has PostgreSQL ${found.map(({ version }) => version).join(', ')} and version ${majorVersion} is wanted; install the server of PostgreSQL ${majorVersion}`,
  );
}
