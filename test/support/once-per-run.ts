import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What `make` gives for this key, made once in a run of the tests however many files ask: each file has a world of its
 * own, and making the same thing in each took most of their time. It is kept as JSON, so nothing but data can be.
 */
export function oncePerRun<T>(key: unknown, make: () => T): T {
  const folder = process.env['GOLIVE_TEST_RUN_FOLDER'];
  if (folder === undefined) return make();
  const name = createHash('sha256').update(JSON.stringify(key)).digest('hex');
  const path = join(folder, `${name}.json`);
  if (!existsSync(path)) {
    // Whole or not at all, also when two workers make it at once.
    const unfinished = `${path}.${randomUUID()}`;
    writeFileSync(unfinished, JSON.stringify(make()));
    renameSync(unfinished, path);
  }
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

const LOOK_AGAIN_MS = 250;

/**
 * The folder that `make` fills, filled once in a run of the tests; whoever asks meanwhile waits. Nobody may change what is
 * in it.
 */
export async function folderOncePerRun(
  name: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const parent = process.env['GOLIVE_TEST_RUN_FOLDER'];
  if (parent === undefined) throw new Error('there is no folder of this run: jest.config.cjs makes one');
  const folder = join(parent, name);
  const [making, failed] = [`${folder}.making`, `${folder}.failed`];
  for (;;) {
    if (existsSync(folder)) return folder;
    if (existsSync(failed)) throw new Error(readFileSync(failed, 'utf8'));
    try {
      mkdirSync(making);
      break;
    } catch {
      await delay(LOOK_AGAIN_MS);
    }
  }
  try {
    await make(making);
    renameSync(making, folder);
    return folder;
  } catch (error) {
    // The others need not try what failed.
    writeFileSync(failed, String(error));
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}
