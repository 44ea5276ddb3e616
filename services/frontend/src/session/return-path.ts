const ANYWHERE = 'http://golive.invalid';
/** Going back there would only lead away again. */
const NOT_BACK_TO = /^\/(?:sign-in|sign-out|session|monitoring|health)(?:\/|$)/;

/**
 * Where to go after signing in: a path on this site, whatever somebody put into the link. Browsers read `//`, `/\` and
 * control characters in their own way, so only what comes out of the URL parser as the same site is used.
 */
export function returnPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > 1024 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted))
    return '/';
  if (wanted.includes('\\') || !URL.canParse(wanted, ANYWHERE)) return '/';
  const { origin, pathname, search } = new URL(wanted, ANYWHERE);
  if (origin !== ANYWHERE || pathname.startsWith('//') || NOT_BACK_TO.test(pathname)) return '/';
  return pathname + search;
}

/** The address of the sign-in page that leads back. */
export function signInPath(returnTo: string): string {
  const path = returnPath(returnTo);
  return path === '/' ? '/sign-in' : `/sign-in?${new URLSearchParams({ return: path }).toString()}`;
}
