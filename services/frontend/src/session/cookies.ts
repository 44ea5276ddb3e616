/** What a cookie is set with. Path and the flags are the same for all of ours. */
interface CookieOptions {
  readonly secure: boolean;
  readonly expires: Date;
}

export interface CookieNames {
  /** The session's token. */
  readonly session: string;
  /** That there was a session: the token's cookie is gone when the session is, and then we want to say so. */
  readonly known: string;
  /** What the next page is to say, once. */
  readonly notice: string;
}

/**
 * The `__Host-` prefix lets no other host, port scheme or path set them, and wants `Secure`. Over plain HTTP, as on one's
 * own machine, browsers would refuse that, so there the names are plain.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
 */
export function cookieNames(secure: boolean): CookieNames {
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}golive-session`,
    known: `${prefix}golive-known`,
    notice: `${prefix}golive-notice`,
  };
}

/** A token that could have come from the gateway: what is no token is not sent on in a header. */
const TOKEN = /^[\w.~+/=-]{1,4096}$/;

export function sessionToken(value: string | undefined): string | undefined {
  return value !== undefined && TOKEN.test(value) ? value : undefined;
}

/** The value of a `Set-Cookie` header. Values are our own: base64url, tokens and digits, which need no escaping. */
export function setCookie(name: string, value: string, { secure, expires }: CookieOptions): string {
  const attributes = [
    `${name}=${value}`,
    'Path=/',
    `Expires=${expires.toUTCString()}`,
    'HttpOnly',
    // Lax, not Strict: who follows a link to the page from a chat is still signed in. Nothing is changed by GET.
    'SameSite=Lax',
    ...(secure ? ['Secure'] : []),
  ];
  return attributes.join('; ');
}

export function clearCookie(name: string, secure: boolean): string {
  return setCookie(name, '', { secure, expires: new Date(0) });
}

/** The cookies that a request brings. */
export function readCookies(header: string | null | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? '').split(';')) {
    const [name = '', ...value] = pair.split('=');
    if (name.trim() !== '' && value.length > 0) cookies.set(name.trim(), value.join('=').trim());
  }
  return cookies;
}
