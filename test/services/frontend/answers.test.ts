import { given, refused, together } from '../../../services/frontend/src/gateway/answer';
import { Deployment, Status } from '../../../services/frontend/src/gateway/answers';
import { retryAfterSeconds } from '../../../services/frontend/src/gateway/retry-after';
import { sampleStatus } from './support/gateway-double';

describe('what the gateway answers', () => {
  const status = sampleStatus();

  it('may hold more than is read here', () => {
    expect(Status.parse({ ...status, invented: 'later' })).toEqual(status);
  });

  it('may hold a state that is not known here', () => {
    const [deployment] = status.latest;
    expect(Deployment.parse({ ...deployment, state: 'paused' }).state).toBe('paused');
  });

  it.each([
    ['a part that is missing', { ...status, cache: undefined }],
    ['a latency that is no number', { ...status, database: { ok: true, latencyMs: 'fast' } }],
    ['a moment that is none', { ...status, latest: [{ ...status.latest[0], createdAt: 'yesterday' }] }],
    ['a count below zero', { ...status, projects: -1 }],
  ])('is refused with %s', (_, answer) => {
    expect(Status.safeParse(answer).success).toBe(false);
  });
});

describe('several answers together', () => {
  it('are all the values', () => {
    expect(together([given(1), given('two')])).toEqual(given([1, 'two']));
  });

  it('are what has to be told first: that nobody is signed in says more than that something is away', () => {
    const away = refused({ kind: 'unavailable', retryAfterSeconds: 1 });
    const tooMany = refused({ kind: 'too-many', retryAfterSeconds: 2 });
    expect(together([away, refused({ kind: 'signed-out' }), tooMany])).toEqual(
      refused({ kind: 'signed-out' }),
    );
    expect(together([given(1), away, tooMany])).toEqual(tooMany);
  });
});

describe('how long to wait', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');

  it.each([
    ['120', 120],
    ['0', 1],
    ['999999', 3600],
    ['Mon, 30 Nov 2026 12:00:30 GMT', 30],
    ['Mon, 30 Nov 2026 11:00:00 GMT', 1],
    ['soon', 10],
    ['-5', 10],
    ['', 10],
    [null, 10],
  ])('is read from "%s": %i seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, 10, now)).toBe(seconds);
  });
});
