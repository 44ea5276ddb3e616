import { createHash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarOfFiles } from '../../../../core/backup/dump/tar-of-files';
import type { ProgramOutput } from '../../../../core/postgres/program-output';

let folder: string;
let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'golive-test-tar-'));
  folder = join(parent, 'files');
  mkdirSync(folder);
});
afterEach(() => rmSync(parent, { recursive: true }));

async function* inOrder(...names: string[]): AsyncGenerator<string> {
  for (const name of names) {
    await Promise.resolve();
    yield name;
  }
}

async function bytesOf(tar: ProgramOutput, pace = () => Promise.resolve()): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await tar.forEach(async (piece) => {
    pieces.push(Buffer.from(piece));
    await pace();
  });
  return Buffer.concat(pieces);
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

test('is what tar itself unpacks, in order, whatever the sizes, and the files are gone', async () => {
  const sizes = [0, 1, 511, 512, 513, 3 * 1024 * 1024 + 7];
  const names = sizes.map((size) => `${size}.dat`);
  const sums = sizes.map((size) => {
    const content = randomBytes(size);
    writeFileSync(join(folder, `${size}.dat`), content);
    return sha256(content);
  });
  const file = join(parent, 'archive.tar');
  await tarOfFiles(folder, inOrder(...names), async (tar) => {
    writeFileSync(file, await bytesOf(tar, () => new Promise(setImmediate)));
  });
  expect(readdirSync(folder)).toEqual([]);
  expect(execFileSync('tar', ['-tf', file]).toString().trim().split('\n')).toEqual(names);
  execFileSync('tar', ['-xf', file, '-C', folder]);
  expect(names.map((name) => sha256(readFileSync(join(folder, name))))).toEqual(sums);
});

test('fails with the reader’s error, and reads no further', async () => {
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), randomBytes(1024 * 1024));
  const reader = (tar: ProgramOutput) =>
    tar.forEach(() => {
      throw new Error('S3 says no');
    });
  await expect(tarOfFiles(folder, inOrder('a', 'b', 'c'), reader)).rejects.toThrow('S3 says no');
  expect(readdirSync(folder)).toEqual(['a', 'b', 'c']);
});

test('fails with the reader’s error at once, though no other file is done yet', async () => {
  writeFileSync(join(folder, 'a'), 'x');
  async function* waiting(): AsyncGenerator<string> {
    yield 'a';
    await new Promise(() => undefined);
  }
  const reader = (tar: ProgramOutput) =>
    tar.forEach(() => {
      throw new Error('S3 says no');
    });
  await expect(tarOfFiles(folder, waiting(), reader)).rejects.toThrow('S3 says no');
});

test('fails when the reader destroys it, with the reason', async () => {
  writeFileSync(join(folder, 'a'), randomBytes(4 * 1024 * 1024));
  const reader = (tar: ProgramOutput) =>
    tar.forEach(() => {
      tar.destroy(new Error('time is over'));
    });
  await expect(tarOfFiles(folder, inOrder('a'), reader)).rejects.toThrow('time is over');
});

test('fails when the files do, and the reader is told by the same error', async () => {
  writeFileSync(join(folder, 'a'), 'x');
  let told: unknown;
  async function* failing(): AsyncGenerator<string> {
    yield* inOrder('a');
    throw new Error('pg_dump failed');
  }
  const work = tarOfFiles(folder, failing(), (tar) =>
    bytesOf(tar).then(
      () => undefined,
      (error: unknown) => {
        told = error;
        throw error;
      },
    ),
  );
  await expect(work).rejects.toThrow('pg_dump failed');
  expect(told).toMatchObject({ message: 'pg_dump failed' });
});

test.each([
  ['longer', 12 * 1024 * 1024],
  ['shorter', 1024],
])('fails when a file becomes %s while it is read', async (how, bytes) => {
  const path = join(folder, 'a');
  writeFileSync(path, randomBytes(8 * 1024 * 1024));
  const work = tarOfFiles(folder, inOrder('a'), async (tar) => {
    await tar.forEach(() => truncateSync(path, bytes));
  });
  await expect(work).rejects.toThrow(`a became ${how} while it was read`);
});

test('fails when a file is not there', async () => {
  await expect(
    tarOfFiles(folder, inOrder('none'), (tar) => bytesOf(tar).then(() => undefined)),
  ).rejects.toMatchObject({ code: 'ENOENT' });
});
