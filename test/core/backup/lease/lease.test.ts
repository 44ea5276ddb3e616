import { LeaseHeldError, leaseKey, takeLease, withLease, type Lease } from '../../../../core/backup/lease';
import { MemoryS3 } from '../../../support/memory-s3';
import { settle, VirtualTime } from './virtual-time';

const START = Date.parse('2026-11-23T03:00:00Z');
const PATH = `/vault/${leaseKey('backup/shop')}`;

let vault: MemoryS3;
let time: VirtualTime;

beforeEach(() => {
  vault = new MemoryS3();
  time = new VirtualTime();
  vault.now = () => new Date(START + time.elapsed());
});

const request = (holder: string) => ({
  s3: vault.client(),
  bucket: 'vault',
  name: 'backup/shop',
  holder,
  durationSeconds: 60,
  timing: time,
});
/** jest gives `any`. */
const containing = (text: string): unknown => expect.stringContaining(text);
const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const take = (holder: string): Promise<Lease> => takeLease(request(holder));
const isPut = ({ method }: { method: string }): boolean => method === 'PUT';

/** The fault hits the next request of this kind, once. */
function once(method: string, fault: ReturnType<MemoryS3['fault']>): void {
  vault.fault = (asked) => {
    if (asked.method !== method) return undefined;
    vault.fault = () => undefined;
    return fault;
  };
}

describe('taking a lease', () => {
  it('says who holds it, and until when by S3’s clock', async () => {
    await take('the nightly dump');
    await time.advance(10_000);
    const error = await take('an operator').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LeaseHeldError);
    expect(error).toMatchObject({
      code: 'LeaseHeldError',
      retryable: true,
      holder: 'the nightly dump',
      until: new Date(START + 65_000), // 60 s, and 5 s for S3's clocks
    });
    expect((error as Error).message).toContain('held by the nightly dump until 2026-11-23T03:01:05.000Z');
  });

  it('is possible at once when it was given back, with a greater fencing token', async () => {
    const first = await take('first');
    await first.release();
    const second = await take('second');
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
  });

  it('takes over from a holder that crashed, when it has ended and not a second earlier', async () => {
    const crashed = await take('crashed');
    await time.advance(64_000);
    await expect(take('next')).rejects.toThrow(LeaseHeldError);
    await time.advance(1_000);
    const next = await take('next');
    expect(next.fencingToken).toBeGreaterThan(crashed.fencingToken);
    await expect(crashed.renew()).rejects.toThrow('next took it');
    await expect(crashed.confirm()).rejects.toThrow('next took it');
    await expect(crashed.release()).rejects.toThrow('next took it');
    await expect(next.confirm()).resolves.toBeUndefined();
  });

  it('is not misled by a host’s clock that is an hour off', async () => {
    await take('holder');
    jest.useFakeTimers({
      now: START + 3_600_000,
      doNotFake: [
        'setImmediate',
        'nextTick',
        'queueMicrotask',
        'setTimeout',
        'clearTimeout',
        'performance',
        'hrtime',
      ],
    });
    try {
      await expect(take('an hour ahead')).rejects.toThrow(LeaseHeldError);
      await time.advance(65_000);
      jest.setSystemTime(START - 3_600_000);
      await expect(take('an hour behind')).resolves.toHaveProperty('name', 'backup/shop');
    } finally {
      jest.useRealTimers();
    }
  });

  it('gives out greater fencing tokens even after somebody removed the object', async () => {
    const first = await take('first');
    vault.objects.delete(PATH);
    await time.advance(1_000);
    const second = await take('second');
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    await expect(first.renew()).rejects.toThrow('second took it');
  });

  it.each([
    ['the answer to its write was lost', 'answer-lost', 2],
    ['S3 had a conflict with another write', { status: 409 }, 1],
  ] as const)('succeeds although %s', async (_what, fault, maxAttempts) => {
    once('PUT', fault);
    const taking = takeLease({ ...request('holder'), s3: vault.client(maxAttempts) });
    // A pause of the SDK is real time; one of ours is not.
    const pump = setInterval(() => void time.advance(500), 5);
    const lease = await taking.finally(() => clearInterval(pump));
    await expect(lease.confirm()).resolves.toBeUndefined();
    expect(JSON.parse(vault.objects.get(PATH)?.body ?? '')).toMatchObject({ holder: 'holder', sequence: 0 });
  });

  it('says what to allow when S3 refuses', async () => {
    vault.fault = (asked) => (isPut(asked) ? { status: 403 } : undefined);
    await expect(take('holder')).rejects.toMatchObject({
      code: 'LeaseUnavailableError',
      retryable: false,
      message: containing('allow the role to get and put objects below leases/'),
    });
  });

  it('may be tried again when S3 does not answer', async () => {
    vault.fault = () => 'unreachable';
    await expect(take('holder')).rejects.toMatchObject({ code: 'LeaseUnavailableError', retryable: true });
  });

  it.each(['', 'not JSON', '{"leaseVersion":2}'])('refuses when %j lies in its place', async (body) => {
    vault.objects.set(PATH, { body, etag: '"x"', storedAt: new Date(0) });
    await expect(take('holder')).rejects.toMatchObject({
      code: 'LeaseInvalidError',
      message: containing('make sure that nothing runs and delete it'),
    });
  });

  it('ends when it is asked to', async () => {
    vault.gate = () => new Promise(() => undefined);
    const abort = new AbortController();
    const taking = takeLease({ ...request('holder'), signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(taking).rejects.toThrow('enough');
  });
});

describe('renewing', () => {
  it('lasts a full duration from when it was asked for', async () => {
    const lease = await take('holder');
    await time.advance(50_000);
    await lease.renew();
    expect(lease.remainingMilliseconds()).toBe(60_000);
    await time.advance(59_000);
    await expect(take('other')).rejects.toThrow(LeaseHeldError);
  });

  it('counts from the first try when an answer was lost', async () => {
    const lease = await take('holder');
    await time.advance(20_000);
    once('PUT', 'answer-lost');
    await expect(lease.renew()).rejects.toMatchObject({ code: 'LeaseUnavailableError' });
    await time.advance(10_000);
    await lease.renew();
    expect(lease.remainingMilliseconds()).toBe(50_000);
    await expect(lease.renew()).resolves.toBeUndefined();
    expect(lease.remainingMilliseconds()).toBe(60_000);
  });

  it('keeps what it had after a conflict', async () => {
    const lease = await take('holder');
    await time.advance(20_000);
    once('PUT', { status: 409 });
    await expect(lease.renew()).rejects.toMatchObject({ code: 'LeaseUnavailableError', retryable: true });
    expect(lease.remainingMilliseconds()).toBe(40_000);
  });

  it('is lost when somebody removed the object', async () => {
    const lease = await take('holder');
    vault.objects.delete(PATH);
    await expect(lease.renew()).rejects.toMatchObject({ code: 'LeaseLostError', why: 'somebody removed it' });
  });
});

describe('giving back', () => {
  it('works after a renewal whose answer was lost', async () => {
    const lease = await take('holder');
    once('PUT', 'answer-lost');
    await expect(lease.renew()).rejects.toMatchObject({ code: 'LeaseUnavailableError' });
    await lease.release();
    await expect(take('next')).resolves.toBeDefined();
  });

  it('is done when only its own answer was lost', async () => {
    const lease = await take('holder');
    once('PUT', 'answer-lost');
    await expect(lease.release()).rejects.toMatchObject({ code: 'LeaseUnavailableError' });
    await expect(lease.release()).resolves.toBeUndefined();
  });
});

describe('working under a lease', () => {
  const warnings: string[] = [];
  const log = { warn: (message: string) => void warnings.push(message) };
  beforeEach(() => void warnings.splice(0));

  /** Work that ends when the test says so, or when it is aborted. */
  function work() {
    let finish: (result: string) => void = () => undefined;
    const begun: { signal?: AbortSignal } = {};
    const run = (_lease: Lease, signal: AbortSignal): Promise<string> =>
      new Promise((resolve, reject) => {
        finish = resolve;
        begun.signal = signal;
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    return { run, begun, finish: (result: string) => finish(result) };
  }

  it('does not begin when somebody else holds it', async () => {
    await take('other');
    const run = jest.fn();
    await expect(withLease(request('late'), run)).rejects.toThrow(LeaseHeldError);
    expect(run).not.toHaveBeenCalled();
  });

  it('holds it for as long as the work takes, and gives it back', async () => {
    const { run, finish } = work();
    const working = withLease({ ...request('long'), log }, run);
    await settle();
    for (let minute = 0; minute < 10; minute++) {
      await time.advance(60_000);
      await expect(take('other')).rejects.toThrow(LeaseHeldError);
    }
    finish('done');
    await expect(working).resolves.toBe('done');
    await expect(take('other')).resolves.toBeDefined();
    expect(warnings).toEqual([]);
  });

  it('gives it back when the work fails, and throws what the work threw', async () => {
    const failing = withLease(request('failing'), () => Promise.reject(new Error('disk full')));
    await expect(failing).rejects.toThrow('disk full');
    await expect(take('other')).resolves.toBeDefined();
  });

  it('survives S3 failing for less than a duration', async () => {
    const { run, finish } = work();
    const working = withLease({ ...request('patient'), log }, run);
    await settle();
    vault.fault = (asked) => (isPut(asked) ? { status: 503 } : undefined);
    await time.advance(50_000);
    vault.fault = () => undefined;
    await time.advance(60_000);
    finish('done');
    await expect(working).resolves.toBe('done');
    expect(warnings[0]).toBe('the lease could not be renewed and will be tried again');
  });

  it('aborts the work when S3 does not renew it in time, before anybody else can take it', async () => {
    const { run, begun } = work();
    const working = withLease({ ...request('cut off'), log }, run);
    const ending = failureOf(working);
    await settle();
    vault.fault = (asked) => (isPut(asked) ? 'unreachable' : undefined);
    await time.advance(59_000);
    expect(begun.signal?.aborted).toBe(false);
    await time.advance(1_000);
    expect(begun.signal?.aborted).toBe(true);
    expect(await ending).toMatchObject({
      code: 'LeaseLostError',
      message: containing('S3 did not renew it in time'),
    });
    vault.fault = () => undefined;
    await expect(take('other')).rejects.toThrow(LeaseHeldError);
  });

  it('aborts the work in time even while a renewal hangs', async () => {
    const { run, begun } = work();
    const working = withLease({ ...request('hanging'), log }, run);
    const ending = failureOf(working);
    await settle();
    vault.gate = () => new Promise(() => undefined);
    await time.advance(60_000);
    expect(begun.signal?.aborted).toBe(true);
    expect(await ending).toMatchObject({ code: 'LeaseLostError' });
  });

  it('aborts the work when another has taken it over', async () => {
    const { run } = work();
    const working = withLease({ ...request('frozen'), log }, run);
    const ending = failureOf(working);
    await settle();
    time.skip(70_000);
    await take('thief');
    await time.advance(1_000);
    expect(await ending).toMatchObject({
      code: 'LeaseLostError',
    });
  });

  it('does not call work a success that ended after it was lost unnoticed', async () => {
    const { run, finish } = work();
    const working = withLease({ ...request('frozen'), log }, run);
    await settle();
    time.skip(70_000);
    await take('thief');
    finish('done');
    await expect(working).rejects.toMatchObject({
      code: 'LeaseLostError',
      why: containing('thief'),
    });
  });

  it('does not call work a failure because the lease could not be given back', async () => {
    const { run, finish } = work();
    const working = withLease({ ...request('done'), log }, run);
    await settle();
    vault.fault = () => ({ status: 503 });
    finish('done');
    await expect(working).resolves.toBe('done');
    expect(warnings).toEqual(['the lease could not be given back; it ends by itself']);
  });

  it('waits for the work and names its error when both the lease and the work are lost', async () => {
    const broken = new Error('the archive is cut short');
    const working = withLease(request('broken'), async (_lease, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw broken;
    });
    const ending = failureOf(working);
    await settle();
    vault.fault = () => 'unreachable';
    await time.advance(60_000);
    expect(await ending).toMatchObject({ code: 'LeaseLostError', cause: broken });
  });

  it('passes the caller’s wish to stop on, and gives the lease back', async () => {
    const { run } = work();
    const abort = new AbortController();
    const working = withLease({ ...request('stopped'), signal: abort.signal, log }, run);
    await settle();
    abort.abort(new Error('enough'));
    await expect(working).rejects.toThrow('enough');
    await expect(take('other')).resolves.toBeDefined();
  });
});
