import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { s3Crc32 } from '../../core/backup/dump/s3-crc32';
import type { Fault, LoopbackState, Operation, ToLoopback } from './loopback-s3';

/**
 * The process behind `startLoopbackS3`. It keeps no archive's bytes unless told, but sums every part, so that its answers
 * about what it holds are true. It ends with its parent.
 */
interface Part {
  readonly bytes: number;
  readonly crc: number;
  /** Where it is kept. */
  readonly file?: string;
}

interface Held {
  readonly bytes: number;
  /** CRC-32 as S3 writes it. */
  readonly checksum: string;
  /** Only of what came in one piece. */
  readonly content?: Buffer;
  /** Where its parts are kept. */
  readonly files?: readonly string[];
}

const MIN_PART_BYTES = 5 * 1024 * 1024;
const uploads = new Map<string, { readonly path: string; readonly parts: Map<number, Part> }>();
const objects = new Map<string, Held>();
const counts: Partial<Record<Operation, number>> = {};
let faults: Fault[] = [];
let trustChecksums = false;
let keepIn: string | undefined;

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

function operationOf(request: IncomingMessage, query: URLSearchParams, hasKey: boolean): Operation {
  const inUpload = query.has('uploadId');
  switch (request.method) {
    case 'POST':
      return inUpload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
    case 'PUT':
      return inUpload ? 'UploadPart' : hasKey ? 'PutObject' : 'CreateBucket';
    case 'DELETE':
      return 'AbortMultipartUpload';
    case 'HEAD':
      return 'HeadObject';
    default:
      return inUpload ? 'ListParts' : hasKey ? 'GetObject' : 'ListObjectsV2';
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://loopback');
  const path = decodeURIComponent(url.pathname);
  const hasKey = /^\/[^/]+\/./.test(path);
  const operation = operationOf(request, url.searchParams, hasKey);
  counts[operation] = (counts[operation] ?? 0) + 1;
  const fault = nextFault(operation);
  if (fault && (await fail(fault, request, response))) return;
  const upload = uploads.get(url.searchParams.get('uploadId') ?? '');
  if (url.searchParams.has('uploadId') && upload?.path !== path) throw new Refusal(404, 'NoSuchUpload');
  switch (operation) {
    case 'CreateBucket':
      request.resume();
      return void response.end();
    case 'CreateMultipartUpload': {
      const id = randomUUID();
      uploads.set(id, { path, parts: new Map() });
      return xml(response, 'InitiateMultipartUploadResult', `<UploadId>${id}</UploadId>`);
    }
    case 'UploadPart': {
      const part = await readPart(request);
      upload!.parts.set(Number(url.searchParams.get('partNumber')), part);
      response.setHeader('etag', etagOf(part));
      response.setHeader('x-amz-checksum-crc32', s3Crc32(part.crc));
      return void response.end();
    }
    case 'CompleteMultipartUpload': {
      const body = (await readAll(request)).toString('utf8');
      refuseTaken(request, path);
      const held = joined(upload!.parts, body, request);
      objects.set(path, held);
      uploads.delete(url.searchParams.get('uploadId')!);
      return xml(response, 'CompleteMultipartUploadResult', `<ETag>"${held.checksum}"</ETag>`);
    }
    case 'AbortMultipartUpload':
      // S3 may go on knowing an upload whose part was under way.
      if (fault?.kind !== 'ignore') uploads.delete(url.searchParams.get('uploadId')!);
      return void response.writeHead(204).end();
    case 'ListParts':
      return xml(response, 'ListPartsResult', '<IsTruncated>false</IsTruncated>');
    case 'PutObject': {
      const content = await readAll(request);
      refuseTaken(request, path);
      const checksum = s3Crc32(crc32(content));
      objects.set(path, { bytes: content.length, checksum, content });
      response.setHeader('etag', `"${checksum}"`);
      return void response.end();
    }
    case 'HeadObject': {
      const held = objects.get(path);
      if (!held) return void response.writeHead(404).end();
      response.setHeader('content-length', held.bytes);
      response.setHeader(
        'x-amz-checksum-crc32',
        fault?.kind === 'wrong-checksum' ? 'AAAAAA==' : held.checksum,
      );
      return void response.end();
    }
    case 'GetObject': {
      const { content, files = [] } = objects.get(path) ?? {};
      if (content) return void response.end(content);
      if (files.length === 0) throw new Refusal(404, 'NoSuchKey');
      if (request.headers.range !== undefined) throw new Refusal(501, 'NotImplemented');
      return await pipeline(contentOf(files), response);
    }
    case 'ListObjectsV2': {
      const prefix = `${path.replace(/\/$/, '')}/${url.searchParams.get('prefix') ?? ''}`;
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      const contents = keys.map(
        (key) => `<Contents><Key>${key.split('/').slice(2).join('/')}</Key></Contents>`,
      );
      return xml(response, 'ListBucketResult', contents.join(''));
    }
  }
}

async function* contentOf(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) yield* createReadStream(file) as AsyncIterable<Buffer>;
}

function nextFault(operation: Operation): Fault | undefined {
  const fault = faults.find((candidate) => candidate.operation === operation && candidate.times !== 0);
  if (!fault) return undefined;
  if (fault.after !== undefined && fault.after > 0) {
    fault.after -= 1;
    return undefined;
  }
  if (fault.times !== undefined) fault.times -= 1;
  return fault;
}

/** @returns whether the request was answered, or never will be */
async function fail(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  switch (fault.kind) {
    case 'refuse':
      await readAll(request);
      refuse(response, new Refusal(fault.status ?? 500, fault.code ?? 'InternalError'));
      return true;
    case 'refuse-with-200':
      await readAll(request);
      response.setHeader('content-type', 'application/xml');
      response.end(
        '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>we are sorry</Message></Error>',
      );
      return true;
    case 'cut':
      // After the first of its bytes.
      request.once('data', () => request.socket.destroy());
      return true;
    case 'cut-answer':
      response.end = () => (request.socket.destroy(), response);
      return false;
    case 'hang':
      request.resume();
      return true;
    case 'slow':
      await delay(fault.ms ?? 0);
      return false;
    case 'ignore':
    case 'wrong-checksum':
      return false;
  }
}

async function readPart(request: IncomingMessage): Promise<Part> {
  const claimed = String(request.headers['x-amz-checksum-crc32']);
  if (request.headers['x-amz-content-sha256'] !== 'UNSIGNED-PAYLOAD')
    throw new Refusal(400, 'InvalidRequest');
  if (trustChecksums) {
    const crc = Buffer.from(claimed, 'base64').readUInt32BE();
    const part = { bytes: Number(request.headers['content-length']), crc };
    if (keepIn !== undefined) {
      const file = join(keepIn, randomUUID());
      await pipeline(request, createWriteStream(file, { mode: 0o600 }));
      return { ...part, file };
    }
    request.resume();
    await once(request, 'end');
    return part;
  }
  let crc = 0;
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    crc = crc32(chunk, crc);
    bytes += chunk.length;
  }
  if (claimed !== s3Crc32(crc)) throw new Refusal(400, 'BadDigest');
  return { bytes, crc };
}

/** As S3 does it: parts in order, named by ETag and checksum, none too small but the last, and the whole summed. */
function joined(parts: Map<number, Part>, body: string, request: IncomingMessage): Held {
  const asked = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll('&quot;', '"'),
    checksum: /<ChecksumCRC32>(.*?)</.exec(part)?.[1],
  }));
  let crc = 0;
  let bytes = 0;
  asked.forEach(({ number, etag, checksum }, index) => {
    const part = parts.get(number);
    if (!part || etag !== etagOf(part) || checksum !== s3Crc32(part.crc))
      throw new Refusal(400, 'InvalidPart');
    if (number !== index + 1) throw new Refusal(400, 'InvalidPartOrder');
    if (index < asked.length - 1 && part.bytes < MIN_PART_BYTES) throw new Refusal(400, 'EntityTooSmall');
    crc = crcOfBoth(crc, part);
    bytes += part.bytes;
  });
  const expected = request.headers['x-amz-mp-object-size'];
  if (expected !== undefined && Number(expected) !== bytes) throw new Refusal(400, 'InvalidRequest');
  if (request.headers['x-amz-checksum-crc32'] !== s3Crc32(crc)) throw new Refusal(400, 'BadDigest');
  const files = asked.flatMap(({ number }) => parts.get(number)?.file ?? []);
  return { bytes, checksum: s3Crc32(crc), files };
}

let zeros = Buffer.alloc(0);

/** The CRC-32 of two pieces in a row, of which only the sums are known: it is affine, so zeros stand in for the second. */
function crcOfBoth(first: number, second: Part): number {
  if (zeros.length !== second.bytes) zeros = Buffer.alloc(second.bytes);
  return (crc32(zeros, first) ^ crc32(zeros) ^ second.crc) >>> 0;
}

function etagOf(part: Part): string {
  return `"${part.crc.toString(16)}-${part.bytes}"`;
}

function refuseTaken(request: IncomingMessage, path: string): void {
  if (request.headers['if-none-match'] === '*' && objects.has(path))
    throw new Refusal(412, 'PreconditionFailed');
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function xml(response: ServerResponse, root: string, content: string): void {
  response.setHeader('content-type', 'application/xml');
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`);
}

function refuse(response: ServerResponse, { status, code }: Refusal): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  answer(request, response).catch((error: unknown) => {
    refuse(response, error instanceof Refusal ? error : new Refusal(500, 'InternalError'));
  });
}

function state(): LoopbackState {
  return {
    uploads: uploads.size,
    objects: Object.fromEntries(
      [...objects].map(([path, { bytes, checksum }]) => [path, { bytes, checksum }]),
    ),
    counts,
  };
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToLoopback) => {
  switch (message.type) {
    case 'listen': {
      trustChecksums = message.trustChecksums ?? false;
      keepIn = message.keepIn;
      const server = message.tls ? createHttpsServer(message.tls, handle) : createHttpServer(handle);
      server.keepAliveTimeout = 60_000;
      server.listen(0, 'localhost', () => process.send!({ port: (server.address() as AddressInfo).port }));
      break;
    }
    case 'inject':
      faults = message.faults;
      process.send!({});
      break;
    case 'state':
      process.send!(state());
      break;
  }
});
