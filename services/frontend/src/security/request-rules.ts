import type { IncomingHttpHeaders } from 'node:http';

/** The only paths that take a POST, and how many bytes of it. */
const POST_LIMITS: ReadonlyMap<string, number> = new Map([
  ['/session', 16 * 1024],
  ['/sign-out', 1024],
  // A segment of a replay, uncompressed.
  ['/monitoring', 2 * 1024 * 1024],
]);

export interface RequestFacts {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Why a request goes no further. */
export interface Refused {
  readonly status: 403 | 405 | 411 | 413;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What every request must keep to before any page sees it. A POST has to come from a page of this origin: the cookie's
 * `SameSite=Lax` keeps other sites out, and this keeps out what shares a site with us, and browsers with an old cookie.
 *
 * @param origin what people type, such as `https://golive.example`
 * @returns undefined when it may go on
 */
export function refusalOf({ method, path, headers }: RequestFacts, origin: string): Refused | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  const limit = POST_LIMITS.get(path);
  if (method !== 'POST' || limit === undefined) {
    const allow = limit === undefined ? 'GET, HEAD' : 'POST';
    return { status: 405, message: 'This address does not take that method.', headers: { Allow: allow } };
  }
  if (!isFromThisOrigin(headers, origin)) {
    return {
      status: 403,
      message: 'This request did not come from a page of this site. Go back and send the form again.',
    };
  }
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (headers['transfer-encoding'] !== undefined || !Number.isInteger(length)) {
    return { status: 411, message: 'The request does not say how long it is.' };
  }
  return length > limit ? { status: 413, message: 'The request is too long.' } : undefined;
}

/**
 * Browsers name the origin with every POST. One that hides it says at least whether it is the same, in a header that no
 * script can set.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
function isFromThisOrigin(headers: IncomingHttpHeaders, origin: string): boolean {
  const claimed = headers.origin;
  if (claimed !== undefined) return claimed === origin;
  return headers['sec-fetch-site'] === 'same-origin';
}
