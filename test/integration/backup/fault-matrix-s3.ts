import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type S3Operation =
  'CreateMultipartUpload' | 'UploadPart' | 'CompleteMultipartUpload' | 'AbortMultipartUpload' | 'PutManifest';

/** Something that goes wrong between a dump and S3. */
export interface S3Fault {
  readonly operation: S3Operation;
  /**
   * - `refuse`: an error of S3, by `status` and `code`
   * - `cut`: the connection breaks in the middle of the request's body
   * - `trickle`: takes the body so slowly that it never ends
   * - `error-in-200`: nothing is done, and the answer is an error with the status 200
   * - `done-with-error-in-200`: it is done all the same
   */
  readonly kind: 'refuse' | 'cut' | 'trickle' | 'error-in-200' | 'done-with-error-in-200';
  readonly status?: number;
  readonly code?: string;
  /** How often it happens. @default always */
  times?: number;
}

/** Of S3's own clock a request may not be further off. */
const MAX_SKEW_MS = 15 * 60_000;
const TRICKLE = { bytes: 1024, everyMs: 250 };
/** Taken before any test sets the clock of this process. */
const s3Now = Date.now.bind(Date);

/**
 * Stands between a dump and the emulated AWS. What it is not told to spoil passes, so that the vault holds real
 * archives. As S3 does, and the emulator does not, it refuses what was signed by a clock that is far off.
 */
export class FaultyS3 {
  faults: S3Fault[] = [];
  /** How many requests a wrong clock had refused. */
  refusedForTheirClock = 0;

  private constructor(
    private readonly upstream: URL,
    private readonly server: ReturnType<typeof createServer>,
  ) {}

  static async start(upstream: string): Promise<FaultyS3> {
    const server = createServer((request, response) => s3.answer(request, response));
    const s3 = new FaultyS3(new URL(upstream), server);
    await once(server.listen(0, 'localhost'), 'listening');
    return s3;
  }

  get endpoint(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    if (isSkewed(request)) {
      this.refusedForTheirClock += 1;
      request.resume();
      return refuse(response, 403, 'RequestTimeTooSkewed');
    }
    const operation = operationOf(request);
    const fault = this.faults.find((candidate) => candidate.operation === operation && candidate.times !== 0);
    if (fault?.times !== undefined) fault.times -= 1;
    switch (fault?.kind) {
      case 'refuse':
        request
          .resume()
          .once('end', () => refuse(response, fault.status ?? 500, fault.code ?? 'InternalError'));
        return;
      case 'cut':
        request.once('data', () => request.socket.resetAndDestroy());
        return;
      case 'trickle':
        return trickle(request);
      case 'error-in-200':
        request.resume().once('end', () => refuse(response, 200, 'InternalError'));
        return;
      default:
        this.pass(request, response, fault?.kind === 'done-with-error-in-200');
    }
  }

  private pass(request: IncomingMessage, response: ServerResponse, hideAnswer: boolean): void {
    const onwards = forward(
      {
        host: this.upstream.hostname,
        port: this.upstream.port,
        method: request.method,
        path: request.url,
        headers: request.headers,
      },
      (answer) => {
        if (hideAnswer) {
          answer.resume().once('end', () => refuse(response, 200, 'InternalError'));
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onwards.on('error', () => response.destroy());
    response.on('close', () => onwards.destroy());
    request.pipe(onwards);
  }
}

/** Only of S3's requests: the functions' secrets come the same way. */
function isSkewed({ headers }: IncomingMessage): boolean {
  const signedAt = String(headers['x-amz-date'] ?? '');
  if (headers['x-amz-target'] !== undefined || signedAt === '') return false;
  const iso = signedAt.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z');
  return Math.abs(Date.parse(iso) - s3Now()) > MAX_SKEW_MS;
}

function operationOf({ method, url }: IncomingMessage): S3Operation | undefined {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://s3');
  if (method === 'POST' && searchParams.has('uploads')) return 'CreateMultipartUpload';
  if (method === 'POST' && searchParams.has('uploadId')) return 'CompleteMultipartUpload';
  if (method === 'PUT' && searchParams.has('uploadId')) return 'UploadPart';
  if (method === 'DELETE' && searchParams.has('uploadId')) return 'AbortMultipartUpload';
  if (method === 'PUT' && pathname.endsWith('/manifest.json')) return 'PutManifest';
  return undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function refuse(response: ServerResponse, status: number, code: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/xml', date: new Date(s3Now()).toUTCString() });
  response.end(`<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>told to fail</Message></Error>`);
}

function trickle(request: IncomingMessage): void {
  const timer = setInterval(() => void request.read(TRICKLE.bytes), TRICKLE.everyMs);
  request.on('readable', () => undefined);
  request.once('close', () => clearInterval(timer));
  request.on('error', () => undefined);
}
