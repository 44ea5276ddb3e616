import type { Caller } from '../gateway/gateway';
import { currentRequest, runtime } from '../server/runtime';
import { clearCookie, sessionToken } from './cookies';

/** Who asks for this page, as far as the cookie says; the gateway decides whether it holds. */
export function currentCaller(): Caller | undefined {
  const { cookies, address } = currentRequest();
  const token = sessionToken(cookies.get(runtime().cookies.session));
  return token === undefined ? undefined : { token, address };
}

/** Whether somebody was signed in here who is not any more. */
export function hadSession(): boolean {
  return currentRequest().cookies.has(runtime().cookies.known);
}

/** Takes a session that no longer holds out of the browser, with the answer that is being made. */
export function forgetSession(): void {
  const { cookies, https } = runtime();
  const request = currentRequest();
  if (!request.cookies.has(cookies.session)) return;
  request.headers.push(['Set-Cookie', clearCookie(cookies.session, https)]);
}
