import { lendRuntime, currentRequest, runtime } from '../../../services/frontend/src/server/runtime';
import { decodeNotice } from '../../../services/frontend/src/session/notice';
import { currentCaller, forgetSession, hadSession } from '../../../services/frontend/src/session/session';
import { signIn } from '../../../services/frontend/src/session/sign-in';
import { signOut } from '../../../services/frontend/src/session/sign-out';
import { ADA, GatewayDouble } from './support/gateway-double';
import { lendTestRuntime, requestContext, withRequest } from './support/runtime';

const form = (fields: Record<string, string>) =>
  new Request('https://golive.example/session', { method: 'POST', body: new URLSearchParams(fields) });

/** The cookies that an answer sets, by name. */
function cookiesOf(response: Response): Map<string, string> {
  return new Map(response.headers.getSetCookie().map((line) => [line.split('=')[0] ?? '', line]));
}

function noticeOf(response: Response) {
  return decodeNotice(/^[^=]+=([^;]*)/.exec(cookiesOf(response).get('__Host-golive-notice') ?? '')?.[1]);
}

describe('a person', () => {
  let gateway: GatewayDouble;

  beforeEach(async () => {
    gateway = await GatewayDouble.start();
    lendTestRuntime(gateway.url);
  });

  afterEach(async () => {
    lendRuntime(undefined);
    await gateway.stop();
  });

  const send = (fields: Record<string, string>) => withRequest(requestContext(), () => signIn(form(fields)));

  it.each([
    ['a wrong password', { email: ADA.email, password: 'wrong' }],
    ['an address that nobody has', { email: 'eve@golive.example', password: ADA.password }],
    ['no password', { email: ADA.email, password: '' }],
    ['no fields at all', {}],
    ['a password that is too long', { email: ADA.email, password: 'x'.repeat(201) }],
  ])('with %s is told the same: one of both is wrong', async (_, fields: Record<string, string>) => {
    const response = await send(fields);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/sign-in']);
    expect(noticeOf(response)).toEqual({ kind: 'wrong-credentials', email: fields['email'] ?? '' });
    expect([...cookiesOf(response).keys()]).toEqual(['__Host-golive-notice']);
  });

  it('who sends what is no form is told so too', async () => {
    const request = new Request('https://golive.example/session', {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    const response = await withRequest(requestContext(), () => signIn(request));
    expect(noticeOf(response)).toEqual({ kind: 'wrong-credentials', email: '' });
  });

  it('who tries too often is told how long to wait, and is still taken back afterwards', async () => {
    gateway.mode = { kind: 'limiting', retryAfterSeconds: 90 };
    const response = await send({ ...ADA, return: '/?after=abc' });
    expect(response.headers.get('location')).toBe('/sign-in?return=%2F%3Fafter%3Dabc');
    expect(noticeOf(response)).toEqual({ kind: 'too-many', email: ADA.email, retryAfterSeconds: 90 });
  });

  it('who comes while the gateway is away gets a trace id to tell', async () => {
    gateway.mode = { kind: 'unavailable', retryAfterSeconds: 15 };
    expect(noticeOf(await send(ADA))).toEqual({
      kind: 'unavailable',
      email: ADA.email,
      retryAfterSeconds: 15,
      traceId: '5f'.repeat(16),
    });
  });

  it('signs in, and goes where she wanted to go, on this site alone', async () => {
    const response = await send({ ...ADA, return: '/?after=abc' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/?after=abc']);
    const session = cookiesOf(response).get('__Host-golive-session') ?? '';
    expect(session).toMatch(
      /^__Host-golive-session=token\..*; Path=\/; Expires=.*; HttpOnly; SameSite=Lax; Secure$/,
    );
    const left = Date.parse(/Expires=([^;]*)/.exec(session)?.[1] ?? '') - Date.now();
    expect(left).toBeGreaterThan(59 * 60_000);
    expect(left).toBeLessThanOrEqual(60 * 60_000);

    const elsewhere = await send({ ...ADA, return: '//evil.example' });
    expect(elsewhere.headers.get('location')).toBe('/');
  });

  it('signs out: the token works nowhere any more, and the browser forgets it', async () => {
    const token = gateway.openSession();
    const cookie = `__Host-golive-session=${token}; __Host-golive-known=1`;
    const response = await withRequest(requestContext({ cookie }), () => signOut());
    expect(gateway.holds(token)).toBe(false);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/sign-in']);
    expect(cookiesOf(response).get('__Host-golive-session')).toContain('1970');
    expect(cookiesOf(response).get('__Host-golive-known')).toContain('1970');
    expect(noticeOf(response)).toEqual({ kind: 'signed-out', revoked: true });
  });

  it('who signs out while the gateway is away learns that the token lives on', async () => {
    const token = gateway.openSession();
    gateway.mode = { kind: 'unavailable', retryAfterSeconds: 15 };
    const response = await withRequest(requestContext({ cookie: `__Host-golive-session=${token}` }), () =>
      signOut(),
    );
    expect(cookiesOf(response).get('__Host-golive-session')).toContain('1970');
    expect(noticeOf(response)).toEqual({ kind: 'signed-out', revoked: false });
  });

  it('who signs out twice is simply signed out', async () => {
    const cookie = '__Host-golive-session=gone.gone.gone';
    expect(noticeOf(await withRequest(requestContext({ cookie }), () => signOut()))).toMatchObject({
      revoked: true,
    });
    expect(noticeOf(await withRequest(requestContext(), () => signOut()))).toMatchObject({ revoked: true });
    expect(gateway.seen).toHaveLength(1);
  });

  it('is known by a cookie that could hold a token, and by no other', () => {
    const caller = (cookie: string) => withRequest(requestContext({ cookie }), () => currentCaller());
    expect(caller('__Host-golive-session=a.b.c')).toEqual({ token: 'a.b.c', address: '203.0.113.7' });
    expect(caller('golive-session=a.b.c')).toBeUndefined();
    expect(caller('__Host-golive-session=a b')).toBeUndefined();
  });

  it('whose session has ended loses its cookie, and we know that there was one', () => {
    const context = requestContext({ cookie: '__Host-golive-session=a.b.c; __Host-golive-known=1' });
    withRequest(context, () => {
      forgetSession();
      expect(hadSession()).toBe(true);
    });
    expect(context.headers).toEqual([
      ['Set-Cookie', expect.stringMatching(/^__Host-golive-session=;.*1970/)],
    ]);
    const stranger = requestContext();
    withRequest(stranger, () => forgetSession());
    expect(stranger.headers).toEqual([]);
  });
});

describe('a page that something else renders', () => {
  it('says what to start', () => {
    lendRuntime(undefined);
    expect(() => runtime()).toThrow(/start main\.js and not next itself/);
    expect(() => currentRequest()).toThrow(/start main\.js and not next itself/);
  });
});
