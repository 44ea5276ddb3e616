import { runtime } from '../server/runtime';
import { clearCookie } from './cookies';
import { seeOther } from './see-other';
import { currentCaller } from './session';
import { noticeCookie } from './sign-in';

/**
 * Ends the session at the gateway and takes it out of the browser. When the gateway cannot be told, the browser forgets it
 * all the same, and the person learns that the token itself lives on until it expires.
 */
export async function signOut(): Promise<Response> {
  const { cookies, https, gateway } = runtime();
  const caller = currentCaller();
  const answer = caller && (await gateway.signOut(caller));
  // A token that no longer holds needs no revoking.
  const revoked = answer === undefined || answer.ok || answer.refusal.kind === 'signed-out';
  return seeOther('/sign-in', [
    clearCookie(cookies.session, https),
    clearCookie(cookies.known, https),
    noticeCookie({ kind: 'signed-out', revoked }),
  ]);
}
