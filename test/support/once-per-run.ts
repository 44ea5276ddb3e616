import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
