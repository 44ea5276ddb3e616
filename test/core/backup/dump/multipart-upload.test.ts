import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { s3Crc32 } from '../../../../core/backup/dump/s3-crc32';
import { streamOutput } from '../../../../core/postgres/program-output';
import { MultipartUpload } from '../../../../core/backup/dump/multipart-upload';

const MiB = 1024 ** 2;
const PART = 16 * MiB;
const s3 = mockClient(S3Client);
/** What S3 received, part by part: buffers are used again, so copies. */
let received: Buffer[];

const failure = (name: string, httpStatusCode: number) =>
  new S3ServiceException({ name, message: name, $fault: 'server', $metadata: { httpStatusCode } });

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const checksumOf = (bytes: Buffer) => s3Crc32(crc32(bytes));

function create(signal = new AbortController().signal) {
  return MultipartUpload.create({ s3: new S3Client({}), bucket: 'vault', key: 'dumps/x', signal });
}

/** S3 confirms what was sent. */
function headTellsTheTruth() {
  s3.on(HeadObjectCommand).callsFake(() => ({
    ContentLength: received.reduce((sum, part) => sum + part.length, 0),
    ChecksumCRC32: checksumOf(Buffer.concat(received)),
  }));
}

beforeEach(() => {
  s3.reset();
  received = [];
  s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'upload-1' });
  s3.on(UploadPartCommand).callsFake(({ PartNumber, Body, ChecksumCRC32 }: PartInput) => {
    received[PartNumber - 1] = Buffer.from(Body);
    return { ETag: `"${PartNumber}"`, ChecksumCRC32 };
  });
  s3.on(CompleteMultipartUploadCommand).resolves({});
  s3.on(AbortMultipartUploadCommand).resolves({});
  s3.on(ListPartsCommand).rejects(failure('NoSuchUpload', 404));
  headTellsTheTruth();
});

interface PartInput {
  readonly PartNumber: number;
  readonly Body: Buffer;
  readonly ChecksumCRC32: string;
}

describe('what arrives', () => {
  test('is the archive in parts of 16 MiB and a smaller last one, each with its checksum, the whole with its size', async () => {
    const archive = randomBytes(2 * PART + 12_345);
    const upload = await create();
    await upload.receive(streamOutput(Readable.from(inChunks(archive, 65_536))));
    await expect(upload.complete()).resolves.toEqual({
      bytes: archive.length,
      sha256: sha256(archive).toString('hex'),
      s3ChecksumCrc32: checksumOf(archive),
      parts: 3,
    });
    expect(Buffer.concat(received).equals(archive)).toBe(true);
    expect(received.map(({ length }) => length)).toEqual([PART, PART, 12_345]);
    const [completed] = s3.commandCalls(CompleteMultipartUploadCommand);
    expect(completed?.args[0].input).toMatchObject({
      MpuObjectSize: archive.length,
      ChecksumType: 'FULL_OBJECT',
      ChecksumCRC32: checksumOf(archive),
      IfNoneMatch: '*',
    });
    expect(completed?.args[0].input.MultipartUpload?.Parts).toEqual(
      received.map((part, index) => ({
        PartNumber: index + 1,
        ETag: `"${index + 1}"`,
        ChecksumCRC32: checksumOf(part),
      })),
    );
  });

  test('is right when the source gives the very size of a part, and pieces larger than a part', async () => {
    const archive = randomBytes(2 * PART);
    const upload = await create();
    await upload.receive(streamOutput(Readable.from([archive])));
    await expect(upload.complete()).resolves.toMatchObject({ bytes: archive.length, parts: 2 });
    expect(Buffer.concat(received).equals(archive)).toBe(true);
  });

  test('never lies in more than 48 MiB of memory: the source waits while S3 does', async () => {
    const answers: (() => void)[] = [];
    s3.on(UploadPartCommand).callsFake(
      ({ PartNumber, ChecksumCRC32 }: PartInput) =>
        new Promise((resolve) => answers.push(() => resolve({ ETag: `"${PartNumber}"`, ChecksumCRC32 }))),
    );
    let given = 0;
    const source = Readable.from(
      (function* () {
        const chunk = randomBytes(MiB);
        for (; given < 100; given++) yield chunk;
      })(),
    );
    const upload = await create();
    const done = upload.receive(streamOutput(source));
    while (answers.length < 3) await new Promise(setImmediate);
    // Whatever could still move has moved: the fourth part has no buffer, and the stream's own holds some chunks.
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(answers).toHaveLength(3);
    expect(given).toBeLessThan(48 + 20);
    for (let part = 0; part < 7; part++) {
      while (answers.length <= part) await new Promise(setImmediate);
      answers[part]!();
    }
    await done;
  });

  test('is reported as progress only when S3 has it', async () => {
    const progress: unknown[] = [];
    const upload = await MultipartUpload.create({
      s3: new S3Client({}),
      bucket: 'vault',
      key: 'dumps/x',
      signal: new AbortController().signal,
      onProgress: (stored) => progress.push(stored),
    });
    await upload.receive(streamOutput(Readable.from([randomBytes(PART), randomBytes(10)])));
    expect(progress).toEqual([
      { bytes: PART, parts: 1 },
      { bytes: PART + 10, parts: 2 },
    ]);
  });
});

describe('fails', () => {
  test('when the upload cannot begin, with what to allow', async () => {
    s3.on(CreateMultipartUploadCommand).rejects(failure('AccessDenied', 403));
    await expect(create()).rejects.toMatchObject({
      code: 'ArchiveUploadError',
      retryable: false,
      message: expect.stringMatching(/AccessDenied.*allow the dump's role to/) as string,
    });
  });

  test('when a part fails, at once, though the source has more to come, and the source is destroyed', async () => {
    s3.on(UploadPartCommand).rejects(failure('SlowDown', 503));
    const source = new PassThrough();
    source.write(randomBytes(PART));
    const upload = await create();
    await expect(upload.receive(streamOutput(source))).rejects.toMatchObject({
      code: 'ArchiveUploadError',
      retryable: true,
      message: expect.stringContaining('part 1 of s3://vault/dumps/x could not be stored') as string,
    });
    expect(source.destroyed).toBe(true);
  });

  test('when a part fails while the source waits for memory', async () => {
    let fail: (error: Error) => void = () => undefined;
    s3.on(UploadPartCommand).callsFake(() => new Promise((_resolve, reject) => (fail = reject)));
    const upload = await create();
    const receiving = upload.receive(streamOutput(Readable.from(inChunks(randomBytes(6 * PART), MiB))));
    while (s3.commandCalls(UploadPartCommand).length < 3) await new Promise(setImmediate);
    fail(failure('InternalError', 500));
    // The other two never answer here; the SDK ends them by the signal.
    const abortSignals = s3.commandCalls(UploadPartCommand).map(({ args }) => signalOf(args));
    await new Promise(setImmediate);
    expect(abortSignals.every((signal) => signal?.aborted)).toBe(true);
    void receiving.catch(() => undefined);
  });

  test('when S3 stored a part with another checksum', async () => {
    s3.on(UploadPartCommand).resolves({ ETag: '"1"', ChecksumCRC32: 'another' });
    const upload = await create();
    await expect(upload.receive(streamOutput(Readable.from([Buffer.from('PGDMP')])))).rejects.toMatchObject({
      code: 'ArchiveMismatchError',
    });
  });

  test('when the source fails', async () => {
    const source = new Readable({ read: () => undefined });
    const upload = await create();
    const receiving = upload.receive(streamOutput(source));
    source.destroy(new Error('the pipe broke'));
    await expect(receiving).rejects.toThrow('the pipe broke');
  });

  test('with the reason of the signal', async () => {
    const stop = new AbortController();
    const upload = await create(stop.signal);
    const receiving = upload.receive(streamOutput(new PassThrough()));
    stop.abort(new Error('the deadline'));
    await expect(receiving).rejects.toThrow('the deadline');
  });

  test('when nothing came, without asking S3 for an empty object', async () => {
    const upload = await create();
    await upload.receive(streamOutput(Readable.from([])));
    await expect(upload.complete()).rejects.toMatchObject({ code: 'EmptyArchiveError' });
    expect(s3.commandCalls(CompleteMultipartUploadCommand)).toHaveLength(0);
  });

  test('when S3 refuses to complete and holds nothing', async () => {
    s3.on(CompleteMultipartUploadCommand).rejects(failure('InternalError', 200));
    s3.on(HeadObjectCommand).rejects(failure('NotFound', 404));
    const upload = await received1Part();
    await expect(upload.complete()).rejects.toMatchObject({
      code: 'ArchiveUploadError',
      retryable: true,
      message: expect.stringContaining('S3 did not complete') as string,
    });
  });

  test("when S3 refuses to complete, with that refusal, though it won't say what it holds either", async () => {
    s3.on(CompleteMultipartUploadCommand).rejects(failure('InvalidPart', 400));
    s3.on(HeadObjectCommand).rejects(failure('Forbidden', 403));
    const upload = await received1Part();
    await expect(upload.complete()).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('InvalidPart') as string,
    });
  });

  test.each([
    ['bytes', { ContentLength: 4 }],
    ['a checksum', { ChecksumCRC32: 'AAAAAA==' }],
    ['no checksum', { ChecksumCRC32: undefined }],
  ])('when S3 holds %s other than we sent', async (_what, difference) => {
    const upload = await received1Part();
    const truth = { ContentLength: 5, ChecksumCRC32: checksumOf(Buffer.concat(received)) };
    s3.on(HeadObjectCommand).resolves({ ...truth, ...difference });
    await expect(upload.complete()).rejects.toMatchObject({ code: 'ArchiveMismatchError' });
  });

  test('when S3 does not answer what it holds', async () => {
    s3.on(HeadObjectCommand).rejects(failure('Forbidden', 403));
    const upload = await received1Part();
    await expect(upload.complete()).rejects.toMatchObject({ code: 'ArchiveUploadError', retryable: false });
  });
});

test('an answer to "complete" that was lost is settled by what S3 holds', async () => {
  s3.on(CompleteMultipartUploadCommand).rejects(failure('PreconditionFailed', 412));
  const upload = await received1Part();
  await expect(upload.complete()).resolves.toMatchObject({ bytes: 5, parts: 1 });
});

describe('giving up', () => {
  test('is repeated until S3 no longer knows the upload', async () => {
    s3.on(ListPartsCommand)
      .resolvesOnce({ Parts: [{ PartNumber: 1 }] })
      .resolvesOnce({ Parts: [] })
      .rejects(failure('NoSuchUpload', 404));
    await expect((await create()).abort()).resolves.toBe(true);
    expect(s3.commandCalls(AbortMultipartUploadCommand)).toHaveLength(3);
  });

  test('goes on after an error that may pass', async () => {
    s3.on(AbortMultipartUploadCommand).rejectsOnce(failure('InternalError', 500)).resolves({});
    await expect((await create()).abort()).resolves.toBe(true);
  });

  test('ends with "not confirmed" when S3 goes on listing it, and when it may not be asked', async () => {
    s3.on(ListPartsCommand).resolves({ Parts: [] });
    await expect((await create()).abort()).resolves.toBe(false);
    s3.on(ListPartsCommand).rejects(failure('AccessDenied', 403));
    await expect((await create()).abort()).resolves.toBe(false);
  });
});

async function received1Part(): Promise<MultipartUpload> {
  const upload = await create();
  await upload.receive(streamOutput(Readable.from([Buffer.from('PGDMP')])));
  return upload;
}

function* inChunks(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  return (args[1] as { abortSignal?: AbortSignal } | undefined)?.abortSignal;
}
