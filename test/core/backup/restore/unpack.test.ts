import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack, type Header } from 'tar-stream';
import { NotUnpackableError, Unpacking } from '../../../../core/backup/restore/unpack';

type Entry = readonly [header: Partial<Header> & { name: string }, content?: Buffer];

async function tarOf(...entries: Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, content ?? Buffer.alloc(0));
  tar.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of tar as unknown as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('unpacking an archive', () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'golive-test-unpack-'));
    folder = join(parent, 'archive');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  async function unpack(tar: Buffer, pieceBytes = 1000): Promise<void> {
    const unpacking = await Unpacking.into(folder);
    try {
      for (let at = 0; at < tar.length; at += pieceBytes) {
        await unpacking.add(Buffer.from(tar.subarray(at, at + pieceBytes)));
      }
      await unpacking.end();
    } finally {
      unpacking.stop();
    }
  }

  test.each([1, 511, 512, 65_536, 10_000_000])(
    'gives every file with its bytes, in pieces of %d bytes, to nobody but us',
    async (pieceBytes) => {
      const big = Buffer.alloc(pieceBytes === 1 ? 3_000 : 3_000_000, 'row');
      const files = {
        '3343.dat.gz': big,
        'blob_16397.dat.zst': Buffer.from('x'),
        '1.dat': Buffer.alloc(0),
        'toc.dat': big,
      };
      await unpack(
        await tarOf(...Object.entries(files).map(([name, content]): Entry => [{ name }, content])),
        pieceBytes,
      );
      expect(readdirSync(folder).sort()).toEqual(Object.keys(files).sort());
      for (const [name, content] of Object.entries(files)) {
        expect(readFileSync(join(folder, name)).equals(content)).toBe(true);
        expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      }
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    },
  );

  test.each([
    ['a path upwards', { name: '../outside' }],
    ['an absolute path', { name: '/etc/outside' }],
    ['a folder in its path', { name: 'in/side' }],
    ['a path with the other slash', { name: 'in\\side' }],
    ['the folder itself', { name: '.' }],
    ['the folder above', { name: '..' }],
    ['a hidden name', { name: '.profile' }],
    ['an option', { name: '-rf' }],
    ['a name with a line end', { name: 'a\nb' }],
    ['a name of 300 characters', { name: 'a'.repeat(300) }],
    ['a symbolic link', { name: 'toc.dat', type: 'symlink' as const, linkname: '/etc/passwd' }],
    ['a hard link', { name: 'toc.dat', type: 'link' as const, linkname: '/etc/passwd' }],
    ['a folder', { name: 'toc.dat', type: 'directory' as const }],
    ['a device', { name: 'toc.dat', type: 'character-device' as const, devmajor: 1, devminor: 3 }],
    ['a pipe', { name: 'toc.dat', type: 'fifo' as const }],
  ])('refuses %s, and writes nothing of it', async (_, header) => {
    await expect(unpack(await tarOf([{ name: '1.dat' }, Buffer.from('good')], [header]))).rejects.toThrow(
      NotUnpackableError,
    );
    expect(readdirSync(parent)).toEqual(['archive']);
    expect(readdirSync(folder)).toEqual(['1.dat']);
  });

  test('refuses a name that comes twice, and keeps the first', async () => {
    const twice = tarOf([{ name: 'toc.dat' }, Buffer.from('one')], [{ name: 'toc.dat' }, Buffer.from('two')]);
    await expect(unpack(await twice)).rejects.toThrow(/"toc.dat" twice/);
    expect(readFileSync(join(folder, 'toc.dat'), 'utf8')).toBe('one');
  });

  test.each([
    ['in a file', 700],
    ['in a header', 300],
  ])('refuses a tar that ends %s', async (_, bytes) => {
    const whole = await tarOf([{ name: 'toc.dat' }, Buffer.alloc(2_000, 'x')]);
    await expect(unpack(whole.subarray(0, bytes))).rejects.toThrow(/it is no whole tar/);
  });

  test('refuses what is no tar', async () => {
    await expect(unpack(Buffer.alloc(4_096, 'PGDMP'))).rejects.toThrow(NotUnpackableError);
  });

  test('does not blame the tar for the disk', async () => {
    const tar = await tarOf([{ name: 'toc.dat' }, Buffer.from('x')]);
    const unpacking = await Unpacking.into(folder);
    rmSync(folder, { recursive: true });
    const work = unpacking.add(tar).then(() => unpacking.end());
    await expect(work).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(work).rejects.not.toBeInstanceOf(NotUnpackableError);
  });

  test('takes no folder that is there already', async () => {
    await Unpacking.into(folder);
    await expect(Unpacking.into(folder)).rejects.toMatchObject({ code: 'EEXIST' });
  });
});
