import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, type Header } from 'tar-stream';

/** What pg_dump calls its files; nothing that leads out of the folder, and nothing hidden. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.]{0,99}$/;

/** A tar that is not one, or holds what no dump of ours does. */
export class NotUnpackableError extends Error {}

/**
 * Unpacks a tar as it comes into a new folder that only we may read. Takes regular files with plain names, each
 * once, and nothing else: whoever could write to the vault should not write to the disk of whoever restores.
 */
export class Unpacking {
  private readonly tar = extract();
  private readonly unpacked: Promise<void>;

  private constructor(private readonly folder: string) {
    this.unpacked = this.unpack();
    // Whoever adds or ends hears of it.
    this.unpacked.catch(() => undefined);
    this.tar.on('error', () => undefined);
  }

  /** @param folder must not exist */
  static async into(folder: string): Promise<Unpacking> {
    await mkdir(folder, { mode: 0o700 });
    return new Unpacking(folder);
  }

  /**
   * Returns when there is room for more. The piece is ours from then on.
   *
   * @throws NotUnpackableError, or what the file system says
   */
  async add(piece: Buffer): Promise<void> {
    const taken = this.tar.write(piece) || once(this.tar, 'drain');
    await Promise.race([taken, this.unpacked]);
  }

  /**
   * The tar is at its end; returns when all lies in the folder.
   *
   * @throws NotUnpackableError, or what the file system says
   */
  async end(): Promise<void> {
    this.tar.end(null);
    await this.unpacked;
  }

  /** Nothing more is unpacked. */
  stop(): void {
    this.tar.destroy();
  }

  private async unpack(): Promise<void> {
    // Whatever goes wrong here ends the tar too.
    for await (const entry of blamingTheTar(this.tar)) {
      refuseOdd(entry.header);
      await this.write(entry.header.name, blamingTheTar(entry as unknown as AsyncIterable<Buffer>));
    }
  }

  private async write(name: string, content: AsyncIterable<Buffer>): Promise<void> {
    const file = await open(join(this.folder, name), 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      throw new NotUnpackableError(`it holds ${JSON.stringify(name)} twice`);
    });
    try {
      for await (const piece of content) await file.writeFile(piece);
    } finally {
      await file.close();
    }
  }
}

function refuseOdd({ name, type }: Header): void {
  if (type !== 'file') throw new NotUnpackableError(`it holds ${JSON.stringify(name)}, a ${type}`);
  if (PLAIN_NAME.test(name)) return;
  throw new NotUnpackableError(`it holds a file named ${JSON.stringify(name.slice(0, 200))}`);
}

/** Tells errors in the tar from those of the disk. */
async function* blamingTheTar<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    throw new NotUnpackableError(`it is no whole tar: ${(error as Error).message}`);
  }
}
