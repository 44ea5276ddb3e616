import { once } from 'node:events';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import { streamOutput, type ProgramOutput } from '../../postgres/program-output';

const PIECE_BYTES = 256 * 1024;

/**
 * Makes one tar of files, in the order in which they come, and lends it to `consume` while it grows. A file is
 * removed once its last byte is in the tar. Reads no faster than `consume` takes.
 *
 * @param names of the files in the folder, complete
 * @throws what `names` and `consume` throw, the one that came first
 */
export async function tarOfFiles(
  folder: string,
  names: AsyncIterable<string>,
  consume: (tar: ProgramOutput) => Promise<void>,
): Promise<void> {
  const tar = pack();
  // It is streamx's, which has all that is used of Node's.
  const output = streamOutput(tar as unknown as Readable);
  const consumed = consume(output).catch((error: unknown) => {
    tar.destroy(error as Error);
    throw error;
  });
  const packed = packAll(tar, folder, names).catch((error: unknown) => {
    tar.destroy(error as Error);
    throw error;
  });
  // Not until both have ended: the next name may come when pg_dump ends, and it is to be ended for this failure.
  await Promise.all([packed, consumed]);
}

async function packAll(tar: Pack, folder: string, names: AsyncIterable<string>): Promise<void> {
  for await (const name of names) {
    const path = join(folder, name);
    const file = await open(path);
    try {
      await packFile(tar, name, file);
    } finally {
      await file.close();
    }
    await unlink(path);
  }
  tar.finalize();
}

async function packFile(tar: Pack, name: string, file: FileHandle): Promise<void> {
  const { size, mtime } = await file.stat();
  const entry = tar.entry({ name, size, mtime, mode: 0o600 });
  const packed = once(entry, 'close');
  // Also when nobody waits for it at the moment.
  packed.catch(() => undefined);
  for (let left = size; left > 0;) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, left));
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) throw new Error(`${name} became shorter while it was read`);
    left -= bytesRead;
    if (!entry.write(piece.subarray(0, bytesRead))) await Promise.race([once(entry, 'drain'), packed]);
  }
  if ((await file.stat()).size !== size) throw new Error(`${name} became longer while it was read`);
  entry.end(null);
  await packed;
}
