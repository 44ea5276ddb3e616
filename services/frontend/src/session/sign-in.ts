import * as z from 'zod';
import type { Refusal } from '../gateway/answer';
import type { OpenedSession } from '../gateway/answers';
import { currentRequest, runtime } from '../server/runtime';
import { clearCookie, setCookie } from './cookies';
import { encodeNotice, type Notice } from './notice';
import { returnPath, signInPath } from './return-path';
import { seeOther } from './see-other';

const Form = z.object({
  email: z.string().trim().min(1).max(254),
  // The gateway's own limit.
  password: z.string().min(1).max(200),
});

/** So long the next page may take to show a notice, milliseconds. */
const NOTICE_MS = 60_000;
/** So long we remember that there was a session, to say that it has ended, milliseconds. */
const KNOWN_MS = 7 * 24 * 60 * 60_000;

/**
 * What the sign-in form sends. It answers with a redirect in every case, so that the form works without JavaScript, a
 * reload sends nothing twice, and nothing of it is in the address.
 */
export async function signIn(request: Request): Promise<Response> {
  const form = await formOf(request);
  const returnTo = returnPath(form.get('return'));
  const email = textOf(form.get('email'), 254);
  const fields = Form.safeParse({ email: form.get('email'), password: form.get('password') });
  // What cannot be anybody's is answered as what is not: nothing is said of which field was wrong.
  const answer = fields.success
    ? await runtime().gateway.signIn(fields.data, { address: currentRequest().address })
    : { ok: false as const, refusal: { kind: 'wrong-credentials' as const } };
  if (answer.ok) return seeOther(returnTo, sessionCookies(answer.value));
  return seeOther(signInPath(returnTo), [noticeCookie(noticeOf(answer.refusal, email))]);
}

async function formOf(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch {
    return new FormData();
  }
}

function noticeOf(refusal: Refusal, email: string): Notice {
  switch (refusal.kind) {
    case 'wrong-credentials':
    case 'signed-out':
      return { kind: 'wrong-credentials', email };
    case 'too-many':
      return { ...refusal, email };
    case 'unavailable':
      return { ...refusal, email, traceId: currentRequest().traceId };
  }
}

function sessionCookies({ token, expiresAt }: OpenedSession): string[] {
  const { cookies, https: secure } = runtime();
  return [
    setCookie(cookies.session, token, { secure, expires: new Date(expiresAt) }),
    setCookie(cookies.known, '1', { secure, expires: new Date(Date.now() + KNOWN_MS) }),
    clearCookie(cookies.notice, secure),
  ];
}

export function noticeCookie(notice: Notice): string {
  const { cookies, https: secure } = runtime();
  return setCookie(cookies.notice, encodeNotice(notice), {
    secure,
    expires: new Date(Date.now() + NOTICE_MS),
  });
}

function textOf(value: unknown, longest: number): string {
  return typeof value === 'string' ? value.trim().slice(0, longest) : '';
}
