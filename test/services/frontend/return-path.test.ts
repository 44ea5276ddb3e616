import fc from 'fast-check';
import { returnPath, signInPath } from '../../../services/frontend/src/session/return-path';

const SITE = 'https://golive.example';

describe('going back after signing in', () => {
  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/%09/../\\evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    'javascript:alert(1)',
    'evil.example',
    '?a=b',
    '',
    ' /',
    `/${'a'.repeat(2000)}`,
  ])('leads to the start page for %j', (wanted) => {
    expect(returnPath(wanted)).toBe('/');
  });

  it.each([undefined, null, 7, ['/a', '/b'], { toString: () => '/a' }])(
    'leads to the start page for %p',
    (wanted) => {
      expect(returnPath(wanted)).toBe('/');
    },
  );

  it.each(['/sign-in', '/sign-in?return=/sign-in', '/sign-out', '/session', '/health/live', '/monitoring'])(
    'does not lead in a circle: %s',
    (wanted) => {
      expect(returnPath(wanted)).toBe('/');
    },
  );

  it.each(['/', '/?after=abc_-', '/a/b?c=d%20e', '/sign-in-help'])('leads back to %s', (wanted) => {
    expect(returnPath(wanted)).toBe(wanted);
  });

  it('never leads to another site, whatever is asked for', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '@',
      ':',
      '//',
      'evil.example',
      '\t',
      '?',
      '#',
      'a',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (wanted) => {
          const path = returnPath(wanted);
          return path.startsWith('/') && new URL(path, SITE).origin === SITE;
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is part of the address of the sign-in page, unless it is the start page', () => {
    expect(signInPath('/?after=a&b=c')).toBe('/sign-in?return=%2F%3Fafter%3Da%26b%3Dc');
    expect(signInPath('https://evil.example')).toBe('/sign-in');
  });
});
