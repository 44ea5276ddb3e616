import { contentSecurityPolicy } from '../../../services/frontend/src/security/content-security-policy';
import { securityHeaders } from '../../../services/frontend/src/security/headers';
import { refusalOf } from '../../../services/frontend/src/security/request-rules';
import { clientAddress } from '../../../services/frontend/src/server/client-address';

describe('the content security policy', () => {
  const policy = contentSecurityPolicy({ nonce: 'abc123==', https: true });
  const directives = new Map(policy.split('; ').map((directive) => [directive.split(' ')[0], directive]));

  it('lets no script and no style run that only stands in the page', () => {
    expect(policy).not.toMatch(/unsafe|data:|blob:|\*|https?:/);
    expect(directives.get('script-src')).toBe("script-src 'nonce-abc123==' 'strict-dynamic'");
    expect(directives.get('style-src')).toBe("style-src 'self'");
  });

  it('allows nothing that is not named, no frame around us, no other base and no form to elsewhere', () => {
    expect(directives.get('default-src')).toBe("default-src 'none'");
    expect(directives.get('frame-ancestors')).toBe("frame-ancestors 'none'");
    expect(directives.get('base-uri')).toBe("base-uri 'none'");
    expect(directives.get('form-action')).toBe("form-action 'self'");
    expect(directives.get('connect-src')).toBe("connect-src 'self'");
  });

  it('turns plain addresses into secure ones only where there are secure ones', () => {
    expect(directives.has('upgrade-insecure-requests')).toBe(true);
    expect(contentSecurityPolicy({ nonce: 'a', https: false })).not.toContain('upgrade-insecure-requests');
  });
});

describe('the headers of every answer', () => {
  it('ask for HTTPS for two years, where there is HTTPS', () => {
    expect(securityHeaders({ https: true })['Strict-Transport-Security']).toBe(
      'max-age=63072000; includeSubDomains',
    );
    expect(securityHeaders({ https: false })).not.toHaveProperty('Strict-Transport-Security');
  });

  it('keep other sites out', () => {
    expect(securityHeaders({ https: true })).toMatchObject({
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy': expect.stringContaining('camera=()') as string,
    });
  });
});

describe('what a request must keep to', () => {
  const origin = 'https://golive.example';
  const post = (path: string, headers: Record<string, string>) =>
    refusalOf({ method: 'POST', path, headers }, origin);
  const form = { origin, 'content-length': '40' };

  it.each([
    ['another site', { ...form, origin: 'https://evil.example' }],
    ['another scheme', { ...form, origin: 'http://golive.example' }],
    ['another port', { ...form, origin: 'https://golive.example:8443' }],
    ['a sandboxed frame', { ...form, origin: 'null' }],
    ['nobody knows where', { 'content-length': '40' }],
    ['another site of the same domain', { 'content-length': '40', 'sec-fetch-site': 'same-site' }],
  ])('a form from %s is refused', (_, headers) => {
    expect(post('/session', headers)?.status).toBe(403);
    expect(post('/sign-out', headers)?.status).toBe(403);
  });

  it('a form of our own goes on, also from a browser that hides the origin', () => {
    expect(post('/session', form)).toBeUndefined();
    expect(post('/session', { 'content-length': '40', 'sec-fetch-site': 'same-origin' })).toBeUndefined();
  });

  it('what is too long, or does not say how long it is, is refused', () => {
    expect(post('/session', { ...form, 'content-length': '20000' })?.status).toBe(413);
    expect(post('/monitoring', { ...form, 'content-length': '20000' })).toBeUndefined();
    expect(post('/session', { origin })?.status).toBe(411);
    expect(post('/session', { ...form, 'transfer-encoding': 'chunked' })?.status).toBe(411);
  });

  it('pages take no POST, and nothing takes another method', () => {
    expect(post('/', form)).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD' } });
    const put = refusalOf({ method: 'PUT', path: '/session', headers: form }, origin);
    expect(put).toMatchObject({ status: 405, headers: { Allow: 'POST' } });
    expect(refusalOf({ method: 'HEAD', path: '/', headers: {} }, origin)).toBeUndefined();
  });
});

describe('whose request it is', () => {
  it.each([
    ['the last hop of a list', '198.51.100.1, 203.0.113.9', '10.0.0.5', '203.0.113.9'],
    ['the other end without a list', undefined, '::ffff:127.0.0.1', '127.0.0.1'],
    ['the other end when the last hop is no address', '203.0.113.9, unknown', '10.0.0.5', '10.0.0.5'],
    ['an IPv6 address', '2001:db8::7', '10.0.0.5', '2001:db8::7'],
  ])('is told by %s', (_, forwarded, peer, expected) => {
    expect(clientAddress(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, peer)).toBe(
      expected,
    );
  });
});
