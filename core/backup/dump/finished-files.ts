import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningProgram } from '../../postgres/program';
import { EmptyArchiveError } from './errors';
import { openFilesOf } from './open-files';

/** pg_dump has failed: what it wrote is worth nothing. How, `runProgram` knows better. */
export class PgDumpEndedEarly extends Error {}

/** The archive's table of contents. Without it the rest cannot be read. */
export const TABLE_OF_CONTENTS = 'toc.dat';

/** A look at the processes takes some ms, and a file that waits takes disk: 0.25 s of two jobs is some 20 MB. */
const LOOK_EVERY_MS = 250;

/**
 * The files of a pg_dump in its directory format, each as soon as it is complete, and the table of contents last,
 * when pg_dump has exited with 0. They are to be removed by whoever takes them.
 *
 * pg_dump opens each file once. One that is there, and that no process of the group has open afterwards, was
 * closed. Where that cannot be known, all come at the end.
 *
 * @param folder its path without links, in which pg_dump may not have begun to write
 * @throws PgDumpEndedEarly when it exited with anything else, EmptyArchiveError when it wrote nothing
 */
export async function* finishedFiles(
  folder: string,
  { pid, exited }: RunningProgram,
  filesOpen: typeof openFilesOf = openFilesOf,
): AsyncGenerator<string> {
  let hasEnded = pid === undefined;
  let isBelieved = false;
  void exited.then(() => (hasEnded = true));
  while (!hasEnded) {
    // In this order: what is listed was opened before.
    const there = await filesIn(folder);
    const open = filesOpen(pid!);
    if (!open) break;
    // Not before it has shown a file of ours: it may be about other processes, where /proc is another machine's.
    isBelieved ||= there.some((name) => open.has(join(folder, name)));
    if (isBelieved) for (const name of there) if (!open.has(join(folder, name))) yield name;
    await Promise.race([exited, delay(LOOK_EVERY_MS, undefined, { ref: false })]);
  }
  const { exitCode } = await exited;
  if (exitCode !== 0) throw new PgDumpEndedEarly(`pg_dump exited with ${exitCode}`);
  yield* await filesIn(folder);
  if (!existsSync(join(folder, TABLE_OF_CONTENTS))) {
    throw new EmptyArchiveError(
      `pg_dump reported success and wrote no ${TABLE_OF_CONTENTS}; run it by hand with the same arguments, and see that no wrapper of that name comes first on the PATH`,
    );
  }
  yield TABLE_OF_CONTENTS;
}

/** All but the table of contents, which pg_dump writes first. */
async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name !== TABLE_OF_CONTENTS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
