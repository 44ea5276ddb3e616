import type { ReactElement } from 'react';
import { currentRequest, runtime } from '../../src/server/runtime';
import { clearCookie } from '../../src/session/cookies';
import { decodeNotice, type Notice } from '../../src/session/notice';
import { returnPath } from '../../src/session/return-path';
import { hadSession } from '../../src/session/session';
import { pageOrFailure } from '../../src/ui/failed-page';
import { Page } from '../../src/ui/page';
import { SignInNotice } from '../../src/ui/sign-in-notice';

interface SignInPageProps {
  readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>;
}

/** The form. It needs no JavaScript: it is sent to `/session`, which answers with a redirect. */
export default function SignInPage({ searchParams }: SignInPageProps): Promise<ReactElement> {
  return pageOrFailure(async () => signInPage(returnPath((await searchParams)['return'])));
}

function signInPage(returnTo: string): ReactElement {
  const notice = takeNotice();
  answerAs(notice);
  const isError = notice !== undefined && ERRORS.has(notice.kind);
  const email = notice && 'email' in notice ? notice.email : '';
  const wrong =
    notice?.kind === 'wrong-credentials' ? { 'aria-invalid': true, 'aria-describedby': 'notice' } : {};
  return (
    <Page narrow>
      <title>{`${isError ? 'Error: ' : ''}Sign in · GoLive`}</title>
      <h1>Sign in</h1>
      {notice && <SignInNotice notice={notice} />}
      <form className="card form" action="/session" method="post">
        <input type="hidden" name="return" value={returnTo} />
        <label className="field">
          <span>E-mail address</span>
          <input
            name="email"
            type="email"
            autoComplete="username"
            inputMode="email"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={254}
            defaultValue={email}
            required
            {...wrong}
          />
        </label>
        <label className="field">
          <span>Password</span>
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            maxLength={200}
            required
            {...wrong}
          />
        </label>
        <button className="button" type="submit">
          Sign in
        </button>
      </form>
    </Page>
  );
}

const ERRORS = new Set<Notice['kind']>(['wrong-credentials', 'too-many', 'unavailable']);

/** A notice is told once. Without one, somebody who had a session here is told that it has ended. */
function takeNotice(): Notice | undefined {
  const { cookies, https } = runtime();
  const request = currentRequest();
  const value = request.cookies.get(cookies.notice);
  if (value !== undefined) request.headers.push(['Set-Cookie', clearCookie(cookies.notice, https)]);
  return (
    decodeNotice(value) ??
    (hadSession() && !request.cookies.has(cookies.session) ? { kind: 'session-ended' } : undefined)
  );
}

/** Programs look at the status; people at the notice. */
function answerAs(notice: Notice | undefined): void {
  const request = currentRequest();
  if (notice?.kind === 'wrong-credentials') request.status = 401;
  if (notice?.kind === 'too-many') request.status = 429;
  if (notice?.kind === 'unavailable') request.status = 503;
  if (notice && 'retryAfterSeconds' in notice) {
    request.headers.push(['Retry-After', String(notice.retryAfterSeconds)]);
  }
}
