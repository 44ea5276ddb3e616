import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';

/** The part of the SDK's HTTP request that is looked at here. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Stored {
  readonly body: string;
  readonly etag: string;
  readonly storedAt: Date;
}

/** What becomes of a request: turned away with a status, carried out and not answered, or as usual. */
export type Fault = { readonly status: number } | 'unreachable' | 'answer-lost' | undefined;

/**
 * S3's objects in memory, behind the real SDK: only the wire is replaced. One object's requests are carried out
 * one after the other, as S3 does, with conditions; tests decide the clock, the order and the faults.
 */
export class MemoryS3 {
  /** By path, such as `/vault/leases/a.json`. */
  readonly objects = new Map<string, Stored>();
  /** Every request that arrived, such as `PUT /vault/leases/a.json`. */
  readonly requests: string[] = [];
  /** S3's clock. */
  now: () => Date = () => new Date('2026-11-23T03:00:00Z');
  /** Awaited when a request arrives and again before its answer leaves. */
  gate: () => Promise<unknown> = () => Promise.resolve();
  fault: (request: Request) => Fault = () => undefined;

  /** @param maxAttempts as of the SDK: 1 shows every fault to the caller */
  client(maxAttempts = 1): S3Client {
    return new S3Client({
      region: 'eu-central-1',
      endpoint: 'http://memory.test',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts,
      requestHandler: {
        handle: (request: Request, options?: { abortSignal?: AbortSignal }) =>
          this.handle(request, options?.abortSignal),
      } as never,
    });
  }

  private async handle(request: Request, signal?: AbortSignal): Promise<{ response: object }> {
    this.requests.push(`${request.method} ${decodeURIComponent(request.path)}`);
    await abortable(this.gate(), signal);
    const fault = this.fault(request);
    if (fault === 'unreachable')
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const response =
      typeof fault === 'object' ? this.answer(fault.status, codeOf(fault.status)) : this.carryOut(request);
    await abortable(this.gate(), signal);
    if (fault === 'answer-lost') throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    return { response };
  }

  private carryOut({ method, path: encodedPath, headers, body }: Request): object {
    const path = decodeURIComponent(encodedPath);
    const stored = this.objects.get(path);
    if (method === 'GET') {
      if (!stored) return this.answer(404, 'NoSuchKey');
      return this.answer(200, stored.body, {
        etag: stored.etag,
        'last-modified': stored.storedAt.toUTCString(),
      });
    }
    if (method !== 'PUT') return this.answer(501, 'NotImplemented');
    const { 'if-match': match, 'if-none-match': noneMatch } = headers;
    if (noneMatch === '*' && stored) return this.answer(412, 'PreconditionFailed');
    if (match !== undefined && !stored) return this.answer(404, 'NoSuchKey');
    if (match !== undefined && match !== stored?.etag) return this.answer(412, 'PreconditionFailed');
    const text = typeof body === 'string' ? body : Buffer.from(body as Uint8Array).toString('utf8');
    // The same bytes have the same ETag, as with SSE-S3.
    const etag = `"${createHash('md5').update(text).digest('hex')}"`;
    this.objects.set(path, { body: text, etag, storedAt: wholeSeconds(this.now()) });
    return this.answer(200, '', { etag });
  }

  private answer(statusCode: number, text: string, headers: Record<string, string> = {}): object {
    const body = statusCode < 300 ? text : `<Error><Code>${text}</Code><Message>${text}</Message></Error>`;
    return {
      statusCode,
      headers: {
        date: wholeSeconds(this.now()).toUTCString(),
        'content-length': String(Buffer.byteLength(body)),
        ...headers,
      },
      body: Readable.from([Buffer.from(body)]),
    };
  }
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function codeOf(status: number): string {
  return (
    { 403: 'AccessDenied', 409: 'ConditionalRequestConflict', 503: 'SlowDown' }[status] ?? 'InternalError'
  );
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const aborted = (): Error => Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  if (signal.aborted) throw aborted();
  let onAbort = (): void => undefined;
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, abort]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
