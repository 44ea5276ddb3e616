import fc from 'fast-check';
import {
  clearCookie,
  cookieNames,
  readCookies,
  sessionToken,
  setCookie,
} from '../../../services/frontend/src/session/cookies';
import { decodeNotice, encodeNotice, type Notice } from '../../../services/frontend/src/session/notice';

describe('the cookies', () => {
  const expires = new Date('2026-11-30T13:00:00Z');

  it('are for this host alone, by HTTPS alone, and for no script', () => {
    const { session } = cookieNames(true);
    expect(setCookie(session, 'a.b.c', { secure: true, expires })).toBe(
      '__Host-golive-session=a.b.c; Path=/; Expires=Mon, 30 Nov 2026 13:00:00 GMT; HttpOnly; SameSite=Lax; Secure',
    );
  });

  it('have plain names over plain HTTP, where browsers refuse the prefix', () => {
    const { session } = cookieNames(false);
    const cookie = setCookie(session, 'a.b.c', { secure: false, expires });
    expect(cookie).toMatch(/^golive-session=/);
    expect(cookie).not.toMatch(/Secure|Domain/);
  });

  it('are taken back by a moment that is long past', () => {
    expect(clearCookie('name', true)).toMatch(/^name=; .*Expires=Thu, 01 Jan 1970/);
  });

  it('are read from what a browser sends', () => {
    const cookies = readCookies('a=1; golive-session=x=y=; broken; =nameless; b=2');
    expect([...cookies]).toEqual([
      ['a', '1'],
      ['golive-session', 'x=y='],
      ['b', '2'],
    ]);
    expect(readCookies(undefined).size).toBe(0);
  });

  it.each([undefined, '', 'a b', 'a\r\nX-Injected: 1', 'ü', 'a'.repeat(5000)])(
    'hold no token such as %j',
    (value) => {
      expect(sessionToken(value)).toBeUndefined();
    },
  );
});

describe('a notice for the next page', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.nat(3600), (email, retryAfterSeconds) => {
        const notice: Notice = { kind: 'too-many', email, retryAfterSeconds };
        expect(decodeNotice(encodeNotice(notice))).toEqual(notice);
      }),
    );
  });

  it.each([
    undefined,
    'nonsense',
    Buffer.from('{"kind":"invented"}').toString('base64url'),
    Buffer.from('{"kind":"wrong-credentials"}').toString('base64url'),
    'a'.repeat(3000),
  ])('is none when the cookie is %j', (value) => {
    expect(decodeNotice(value)).toBeUndefined();
  });
});
