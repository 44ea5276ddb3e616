import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the PATH with programs that do what a test says; gone after `remove`. */
export interface ProgramFolder {
  readonly path: string;
  /** An executable of this name that runs this JavaScript. */
  write(name: string, javascript: string): void;
  remove(): void;
}

export function makeProgramFolder(): ProgramFolder {
  const path = mkdtempSync(join(tmpdir(), 'golive-test-bin-'));
  return {
    path,
    write: (name, javascript) => {
      writeFileSync(join(path, name), `#!${process.execPath}\n${javascript}\n`);
      chmodSync(join(path, name), 0o755);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
