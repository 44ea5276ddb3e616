import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { Manifest } from '../../../../core/backup/manifest';
import { downloadArchive, requireDiskSpace } from '../../../../core/backup/restore/download-archive';
import {
  ArchiveCorruptError,
  ArchiveDownloadError,
  DiskTooSmallError,
} from '../../../../core/backup/restore/errors';

const CONTENT = Buffer.from('what pg_dump wrote, all of it');

function archiveOf(content: Buffer): Manifest['archive'] {
  return {
    key: 'dumps/golive/2026/11/01/20261101T020000Z/archive-a.pgdump',
    format: 'custom',
    compression: 'gzip:1',
    clientVersion: '15.18',
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    s3ChecksumCrc32: 'AAAAAA==',
    parts: 1,
  };
}

/** What S3 sends from an offset on; a string is an error in the middle. */
function body(...pieces: (Buffer | string)[]): never {
  async function* flow() {
    for (const piece of pieces) {
      await Promise.resolve();
      if (typeof piece === 'string') throw Object.assign(new Error(piece), { code: 'ECONNRESET' });
      yield piece;
    }
  }
  return Readable.from(flow()) as never;
}

describe('fetching an archive', () => {
  const s3 = new S3Client({});
  const mock = mockClient(s3);
  let folder: string;
  let file: string;
  beforeEach(() => {
    mock.reset();
    folder = mkdtempSync(join(tmpdir(), 'golive-test-download-'));
    file = join(folder, 'archive');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const download = (archive = archiveOf(CONTENT), more: { signal?: AbortSignal } = {}) =>
    downloadArchive({ s3, bucket: 'vault', archive, file, ...more });

  test('one that is truncated is refused', async () => {
    mock.on(GetObjectCommand).callsFake(({ Range }: { Range?: string }) => ({
      Body: Range ? body() : body(CONTENT.subarray(0, 10)),
    }));
    await expect(download()).rejects.toThrow(ArchiveCorruptError);
  });

  test('one that ends where S3 says that there is no such range is refused as too short', async () => {
    mock.on(GetObjectCommand).callsFake(({ Range }: { Range?: string }) => {
      if (!Range) return { Body: body(CONTENT.subarray(0, 10)) };
      throw new S3ServiceException({
        name: 'InvalidRange',
        $fault: 'client',
        message: 'no such range',
        $metadata: { httpStatusCode: 416 },
      });
    });
    await expect(download()).rejects.toThrow(ArchiveCorruptError);
  });

  test('one that is longer than its manifest says is refused', async () => {
    mock.on(GetObjectCommand).resolves({ Body: body(CONTENT, Buffer.from('!')) });
    await expect(download()).rejects.toThrow(ArchiveCorruptError);
  });

  test('one with a single changed bit is refused', async () => {
    const changed = Buffer.from(CONTENT);
    changed[7]! ^= 1;
    mock.on(GetObjectCommand).resolves({ Body: body(changed) });
    await expect(download()).rejects.toThrow(/SHA-256 .* nothing was restored/);
  });

  test('a connection that breaks is taken up again where it broke', async () => {
    mock.on(GetObjectCommand).callsFake(({ Range }: { Range?: string }) => ({
      Body: Range
        ? body(CONTENT.subarray(Number(/\d+/.exec(Range)![0])))
        : body(CONTENT.subarray(0, 5), CONTENT.subarray(5, 11), 'the connection was reset'),
    }));
    await download();
    expect(readFileSync(file)).toEqual(CONTENT);
    expect(mock.commandCalls(GetObjectCommand).map(({ args }) => args[0].input.Range)).toEqual([
      undefined,
      'bytes=11-',
    ]);
  });

  test('a connection that never brings a byte is given up, and may be tried later', async () => {
    mock.on(GetObjectCommand).callsFake(() => ({ Body: body('the connection was reset') }));
    await expect(download()).rejects.toMatchObject({ code: 'ArchiveDownloadError', retryable: true });
    expect(mock.commandCalls(GetObjectCommand)).toHaveLength(3);
  });

  test('one that S3 refuses is not asked for again', async () => {
    mock.on(GetObjectCommand).rejects(
      new S3ServiceException({
        name: 'AccessDenied',
        $fault: 'client',
        message: 'no',
        $metadata: { httpStatusCode: 403 },
      }),
    );
    const error = await download().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ArchiveDownloadError);
    expect(error).toMatchObject({ retryable: false });
    expect(mock.commandCalls(GetObjectCommand)).toHaveLength(1);
  });

  test('a file that is there already is not overwritten', async () => {
    writeFileSync(file, 'somebody’s');
    mock.on(GetObjectCommand).resolves({ Body: body(CONTENT) });
    await expect(download()).rejects.toThrow(/EEXIST/);
    expect(readFileSync(file, 'utf8')).toBe('somebody’s');
  });

  test('an abort ends it with the reason that was given', async () => {
    const controller = new AbortController();
    mock.on(GetObjectCommand).callsFake(() => {
      controller.abort(new Error('Ctrl-C'));
      return { Body: body('aborted') };
    });
    await expect(download(archiveOf(CONTENT), { signal: controller.signal })).rejects.toThrow('Ctrl-C');
  });

  test('nobody else may read the file', async () => {
    mock.on(GetObjectCommand).resolves({ Body: body(CONTENT) });
    await download();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('a disk without room for it is refused before the first byte', async () => {
    await expect(requireDiskSpace(folder, Number.MAX_SAFE_INTEGER)).rejects.toThrow(DiskTooSmallError);
    await expect(requireDiskSpace(folder, 1)).resolves.toBeUndefined();
  });
});
