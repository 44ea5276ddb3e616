import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProgramOutput } from '../../postgres/program-output';
import { s3Crc32 } from './s3-crc32';
import { ArchiveMismatchError, ArchiveUploadError, EmptyArchiveError } from './errors';
import { PartBuffers } from './part-buffers';
import { bufferBytes, MAX_PARTS, partBytes } from './part-size';
import { mayPass, saysS3, statusOf } from '../../shared/s3-failure';
import { saidByS3 } from './s3-advice';

export interface UploadTarget {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly key: string;
  /** Ends every request but those that clean up. Its reason is what is thrown. */
  readonly signal: AbortSignal;
  /** Called after each part that S3 has stored. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

export interface UploadProgress {
  /** Stored so far. */
  readonly bytes: number;
  readonly parts: number;
}

/** What S3 has confirmed to hold. */
export interface StoredArchive {
  readonly bytes: number;
  /** Of the whole archive, lower-case hexadecimal. */
  readonly sha256: string;
  /** Of the whole archive, as S3 writes it. */
  readonly s3ChecksumCrc32: string;
  readonly parts: number;
}

interface FilledPart {
  readonly buffer: Buffer;
  filled: number;
  crc: number;
}

/** A second per MiB, on top of a minute: slower than that, a connection is given up and tried anew. */
const PART_TIMEOUT_MS = (bytes: number) => 60_000 + Math.ceil(bytes / 1024 / 1024) * 1_000;
const ABORT_ATTEMPTS = 6;
/** All of them together: the deadline's margin must hold this and the child's end. */
const ABORT_MS = 20_000;

/**
 * Streams bytes of unknown length into one object of S3, with bounded memory and parts that grow, and checks
 * afterwards that S3 holds the very bytes that were sent. The object exists only after {@link complete}.
 * Why not @aws-sdk/lib-storage: docs/decisions/0301-own-multipart-upload.md.
 */
export class MultipartUpload {
  private readonly buffers = new PartBuffers(bufferBytes);
  private readonly archiveHash = createHash('sha256');
  private archiveCrc = 0;
  private readonly parts: { checksum: string; etag: string | undefined }[] = [];
  private readonly underWay = new Set<Promise<void>>();
  /** Ends the other parts when one has failed. */
  private readonly failure = new AbortController();
  private readonly signal: AbortSignal;
  private filling: FilledPart | undefined;
  private bytes = 0;
  private stored = { bytes: 0, parts: 0 };

  private constructor(
    private readonly target: UploadTarget,
    private readonly uploadId: string,
  ) {
    this.signal = AbortSignal.any([target.signal, this.failure.signal]);
  }

  /** @throws ArchiveUploadError */
  static async create(target: UploadTarget): Promise<MultipartUpload> {
    const { s3, bucket, key, signal } = target;
    try {
      const { UploadId } = await s3.send(
        new CreateMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          ContentType: 'application/octet-stream',
          ChecksumAlgorithm: 'CRC32',
          ChecksumType: 'FULL_OBJECT',
        }),
        { abortSignal: signal },
      );
      if (UploadId === undefined) throw new Error('S3 named no upload');
      return new MultipartUpload(target, UploadId);
    } catch (error) {
      signal.throwIfAborted();
      throw uploadError(`the upload of s3://${bucket}/${key} could not begin`, error);
    }
  }

  /**
   * Reads the output to its end. Returns when every part is stored; reads no faster than S3 takes.
   *
   * @throws ArchiveUploadError, or the signal's reason; the output is destroyed then
   */
  async receive(output: ProgramOutput): Promise<void> {
    const stop = () => output.destroy(this.signal.reason as Error);
    this.signal.addEventListener('abort', stop, { once: true });
    try {
      this.signal.throwIfAborted();
      await this.sendInParts(output);
      await Promise.all(this.underWay);
      this.signal.throwIfAborted();
    } catch (error) {
      this.failure.abort(error);
      throw this.signal.reason;
    } finally {
      this.signal.removeEventListener('abort', stop);
      this.buffers.close(this.signal.reason);
      await Promise.allSettled(this.underWay);
    }
  }

  /**
   * Makes the object exist, which S3 refuses when its bytes are not those that we sent, then asks S3 what it
   * holds. An answer that was lost is settled by that question,
   * because nobody else writes to a key with this attempt's id.
   *
   * @throws EmptyArchiveError, ArchiveUploadError, ArchiveMismatchError
   */
  async complete(): Promise<StoredArchive> {
    const { s3, bucket, key, signal } = this.target;
    if (this.bytes === 0) {
      throw new EmptyArchiveError(
        'pg_dump reported success and wrote nothing; run it by hand with the same arguments, and see that no wrapper of that name comes first on the PATH',
      );
    }
    const checksum = s3Crc32(this.archiveCrc);
    const notCompleted = (cause: unknown) => uploadError(`S3 did not complete s3://${bucket}/${key}`, cause);
    let refusal: unknown;
    try {
      await s3.send(
        new CompleteMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          UploadId: this.uploadId,
          MpuObjectSize: this.bytes,
          ChecksumType: 'FULL_OBJECT',
          ChecksumCRC32: checksum,
          IfNoneMatch: '*',
          MultipartUpload: {
            Parts: this.parts.map((part, index) => ({
              PartNumber: index + 1,
              ETag: part.etag,
              ChecksumCRC32: part.checksum,
            })),
          },
        }),
        // S3 puts the parts together before it answers.
        { abortSignal: signal, requestTimeout: 300_000 },
      );
    } catch (error) {
      signal.throwIfAborted();
      refusal = error;
    }
    const held = await this.head().catch((error: unknown) => {
      signal.throwIfAborted();
      throw refusal ? notCompleted(refusal) : error;
    });
    if (!held) throw notCompleted(refusal);
    if (held.ContentLength !== this.bytes || held.ChecksumCRC32 !== checksum) {
      throw new ArchiveMismatchError(
        `s3://${bucket}/${key} should hold ${this.bytes} bytes with checksum ${checksum} and holds ${held.ContentLength} bytes with ${held.ChecksumCRC32 ?? 'no checksum'}; run the dump again, and open a case with AWS if it happens twice`,
      );
    }
    return {
      bytes: this.bytes,
      sha256: this.archiveHash.digest('hex'),
      s3ChecksumCrc32: checksum,
      parts: this.parts.length,
    };
  }

  /**
   * Gives the upload up, and its parts with it. A part that was under way may arrive after an abort, so it is
   * repeated until S3 no longer knows the upload.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
   *
   * @returns whether S3 confirmed it. When not, the vault's lifecycle rule removes the parts some days later.
   */
  async abort(): Promise<boolean> {
    const { s3, bucket, key } = this.target;
    const upload = { Bucket: bucket, Key: key, UploadId: this.uploadId };
    this.failure.abort(new Error('the upload was given up'));
    await Promise.allSettled(this.underWay);
    const limits = { abortSignal: AbortSignal.timeout(ABORT_MS), requestTimeout: 5_000 };
    for (let attempt = 1; attempt <= ABORT_ATTEMPTS; attempt++) {
      try {
        await s3.send(new AbortMultipartUploadCommand(upload), limits);
        await s3.send(new ListPartsCommand({ ...upload, MaxParts: 1 }), limits);
      } catch (error) {
        if (saysS3(error, 'NoSuchUpload') || statusOf(error) === 404) return true;
        if (!mayPass(error) || limits.abortSignal.aborted) return false;
      }
      await delay(50 * 2 ** attempt);
    }
    return false;
  }

  private async sendInParts(output: ProgramOutput): Promise<void> {
    await output.forEach((piece) => {
      this.archiveHash.update(piece);
      this.archiveCrc = crc32(piece, this.archiveCrc);
      this.bytes += piece.length;
      return this.fill(piece);
    });
    if (this.filling) this.send(this.filling);
  }

  /** Puts a piece into the part that is being filled; what does not fit begins the next, once there is memory for it. */
  private fill(piece: Buffer): Promise<void> | undefined {
    if (piece.length === 0) return undefined;
    const part = this.filling;
    if (!part) return this.beginPart().then(() => this.fill(piece));
    const copied = piece.copy(part.buffer, part.filled);
    // Summed as it comes: a whole part at once would keep pg_dump waiting at a full pipe.
    part.crc = crc32(piece.subarray(0, copied), part.crc);
    part.filled += copied;
    if (part.filled === part.buffer.length) {
      this.send(part);
      this.filling = undefined;
    }
    return this.fill(piece.subarray(copied));
  }

  private async beginPart(): Promise<void> {
    this.filling = { buffer: await this.buffers.borrow(this.nextPartBytes()), filled: 0, crc: 0 };
  }

  private nextPartBytes(): number {
    const partNumber = this.parts.length + 1;
    if (partNumber <= MAX_PARTS) return partBytes(partNumber);
    throw new ArchiveUploadError(
      `the archive has ${this.bytes} bytes and is not at its end, and S3 takes no more than ${MAX_PARTS} parts; leave out what need not be in a dump, or rely on snapshots for this database`,
      { retryable: false },
    );
  }

  private send({ buffer, filled: length, crc }: FilledPart): void {
    const body = buffer.subarray(0, length);
    const part = { checksum: s3Crc32(crc), etag: undefined as string | undefined };
    const partNumber = this.parts.push(part);
    const sending = this.sendPart(partNumber, body, part.checksum)
      .then((etag) => {
        part.etag = etag;
        this.stored = { bytes: this.stored.bytes + length, parts: this.stored.parts + 1 };
        this.buffers.giveBack(buffer);
        this.target.onProgress?.(this.stored);
      })
      .catch((error: unknown) => {
        // Its buffer is not used again: a socket may still hold it.
        this.failure.abort(error);
        this.buffers.close(error);
      })
      .finally(() => this.underWay.delete(sending));
    this.underWay.add(sending);
  }

  /** @returns the part's ETag */
  private async sendPart(partNumber: number, body: Buffer, checksum: string): Promise<string> {
    const { s3, bucket, key, signal } = this.target;
    const command = new UploadPartCommand({
      Bucket: bucket,
      Key: key,
      UploadId: this.uploadId,
      PartNumber: partNumber,
      Body: body,
      ContentLength: body.length,
      ChecksumCRC32: checksum,
    });
    // Spares the SDK a SHA-256 of every part for the signature: TLS guards the bytes on their way, and S3 checks
    // what arrives against the CRC-32 that is signed.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        return next(args);
      },
      { step: 'build', name: 'unsignedPayload' },
    );
    try {
      const answer = await s3.send(command, {
        abortSignal: this.signal,
        requestTimeout: PART_TIMEOUT_MS(body.length),
      });
      if (answer.ETag === undefined || (answer.ChecksumCRC32 ?? checksum) !== checksum) {
        throw new ArchiveMismatchError(
          `S3 stored part ${partNumber} of s3://${bucket}/${key} with checksum ${answer.ChecksumCRC32} and ETag ${answer.ETag}, and its bytes have ${checksum}; run the dump again`,
        );
      }
      return answer.ETag;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ArchiveMismatchError) throw error;
      throw uploadError(`part ${partNumber} of s3://${bucket}/${key} could not be stored`, error);
    }
  }

  private async head(): Promise<HeadObjectCommandOutput | undefined> {
    const { s3, bucket, key, signal } = this.target;
    try {
      return await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }), {
        abortSignal: signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (statusOf(error) === 404) return undefined;
      throw uploadError(`S3 did not say what it holds as s3://${bucket}/${key}`, error);
    }
  }
}

function uploadError(what: string, cause: unknown): ArchiveUploadError {
  return new ArchiveUploadError(`${what}: ${saidByS3(cause)}`, { cause, retryable: mayPass(cause) });
}
