import { DEADLINE_MARGIN_MS, untilDeadline } from '../../../../core/backup/dump/deadline';
import { DeadlineReachedError, DumpAbortedError } from '../../../../core/backup/dump/errors';

const NOW = new Date('2026-11-23T02:00:00Z');
const now = () => NOW;
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

/** Goes on until it is told to stop, and then fails as interrupted work does. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true }),
  );

test('work that is not done a minute before the deadline is told to stop, and the deadline is the reason', async () => {
  const dump = untilDeadline({ deadline: inMs(DEADLINE_MARGIN_MS + 5) }, now, endless);
  await expect(dump).rejects.toThrow(DeadlineReachedError);
  await expect(dump).rejects.toMatchObject({
    retryable: false,
    message: expect.stringMatching(/2026-11-23T02:01:00\.005Z.*Fargate runner$/) as string,
  });
});

test('with less than a minute left nothing is begun', async () => {
  const work = jest.fn(endless);
  await expect(untilDeadline({ deadline: inMs(DEADLINE_MARGIN_MS) }, now, work)).rejects.toThrow(
    DeadlineReachedError,
  );
  expect(work).not.toHaveBeenCalled();
});

test("the caller's signal stops it too, before and during the work", async () => {
  const caller = new AbortController();
  const dump = untilDeadline({ signal: caller.signal }, now, endless);
  caller.abort();
  await expect(dump).rejects.toMatchObject({ code: 'DumpAbortedError', retryable: true });
  await expect(untilDeadline({ signal: caller.signal }, now, endless)).rejects.toThrow(DumpAbortedError);
});

test('a failure of its own stays what it is', async () => {
  const failing = untilDeadline({ deadline: inMs(900_000) }, now, () =>
    Promise.reject(new Error('disk full')),
  );
  await expect(failing).rejects.toThrow('disk full');
});

test('a runner without a deadline is never told to stop', async () => {
  const work = (signal: AbortSignal) => Promise.resolve(signal.aborted);
  await expect(untilDeadline({}, now, work)).resolves.toBe(false);
});
