import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../core/shared/left-folders';

/** What a build is made of, and its packages by the lock file. What it makes itself is left out. */
const SOURCES = ['services', 'core', 'package.json', 'package-lock.json', 'tsconfig.json'];
const MADE = new Set(['node_modules', 'dist', '.next']);

/** A build that nobody has wanted for this long goes; who runs one has asked for it when it started. */
const KEPT_MS = 24 * 3_600_000;
const LOOK_AGAIN_MS = 250;

export interface BuildRequest {
  /** The checkout's root. */
  readonly project: string;
  /** `gateway` */
  readonly service: string;
  /** @returns the folder that it made */
  readonly build: () => Promise<string>;
}

/**
 * The folder with a service's build, which nobody writes into: made once for the same sources, packages and Node, and kept
 * with the checkout's packages. Of several processes that want it at once one builds. Where nothing can be kept there,
 * because the packages belong to somebody else, it is what `build` made.
 */
export async function keptBuild({ project, service, build }: BuildRequest): Promise<string> {
  const folder = join(project, 'node_modules', '.cache', 'golive', 'services');
  const kept = join(folder, `${service}-${await sourcesKey(project)}`);
  try {
    await mkdir(folder, { recursive: true });
  } catch {
    return build();
  }
  for (;;) {
    if (await isThere(kept)) return kept;
    const release = await lock(`${kept}.lock`);
    if (release === 'forbidden') return build();
    if (release === 'taken') {
      await sleep(LOOK_AGAIN_MS);
      continue;
    }
    try {
      // Whoever had it before may have made it.
      if (await isThere(kept)) return kept;
      const made = await build();
      return await keep(made, kept);
    } finally {
      await release();
      await removeOld(folder);
    }
  }
}

/** Copies first: it is there as a whole or not at all. */
async function keep(made: string, kept: string): Promise<string> {
  const copy = `${kept}.${randomUUID()}`;
  try {
    await cp(made, copy, { recursive: true, verbatimSymlinks: true });
    await rename(copy, kept);
    return kept;
  } catch {
    // The disk may be full: it can be run all the same.
    await rm(copy, { recursive: true, force: true });
    return made;
  }
}

/** Whether it is there; if so, it is wanted from now on. */
async function isThere(kept: string): Promise<boolean> {
  const now = new Date();
  return utimes(kept, now, now).then(
    () => true,
    // Somebody else's may be used, and only its owner can say that it is.
    ({ code }: NodeJS.ErrnoException) => code === 'EPERM' || code === 'EACCES',
  );
}

async function lock(path: string): Promise<(() => Promise<void>) | 'taken' | 'forbidden'> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return () => rm(path, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return 'forbidden';
  }
  const owner = Number(await readFile(path, 'utf8').catch(() => ''));
  // It may have been taken this moment, with nothing written yet.
  if (owner === 0 && Date.now() - (await lastWanted(path)) < 10 * LOOK_AGAIN_MS) return 'taken';
  if (isAlive(owner)) return 'taken';
  return rm(path, { force: true }).then(
    () => 'taken',
    () => 'forbidden',
  );
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (Date.now() - (await lastWanted(path)) > KEPT_MS)
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** When it was last wanted, milliseconds since 1970. */
async function lastWanted(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
}

async function sourcesKey(project: string): Promise<string> {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  for (const source of SOURCES) {
    for (const path of await filesOf(join(project, source))) {
      const content = await readFile(path);
      hash.update(`${relative(project, path)} ${content.length}\n`).update(content);
    }
  }
  return hash.digest('hex').slice(0, 32);
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return found ? [path] : [];
  const names = (await readdir(path)).filter((name) => !MADE.has(name)).sort();
  const files: string[] = [];
  for (const name of names) files.push(...(await filesOf(join(path, name))));
  return files;
}
