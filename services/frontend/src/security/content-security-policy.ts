export interface PolicyOptions {
  /** Fresh for each answer, and hard to guess. */
  readonly nonce: string;
  /** Whether people come by HTTPS. */
  readonly https: boolean;
}

/**
 * What a page of ours may load and do. Nothing is allowed that is not named, and no script or style runs because it
 * stands in the page: Next.js reads the nonce out of this header and puts it on its own scripts. Errors go to Sentry by
 * our own origin (`/monitoring`), so that `connect-src` need not name another one.
 *
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
 */
export function contentSecurityPolicy({ nonce, https }: PolicyOptions): string {
  const directives = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(https ? ['upgrade-insecure-requests'] : []),
  ];
  return directives.join('; ');
}
