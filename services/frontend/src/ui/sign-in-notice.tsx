import type { ReactElement, ReactNode } from 'react';
import type { Notice } from '../session/notice';
import { waitText } from '../status/text';
import { TraceId } from './trace-id';

/**
 * What is said above the form. It has the focus when the page opens, so that it is read out first: a live region that is
 * there from the beginning is not.
 */
export function SignInNotice({ notice }: { readonly notice: Notice }): ReactElement {
  switch (notice.kind) {
    case 'wrong-credentials':
      return (
        <Told tone="bad" title="That did not work">
          <p>The address or the password is wrong.</p>
        </Told>
      );
    case 'too-many':
      return (
        <Told tone="bad" title="Too many attempts">
          <p>Wait {waitText(notice.retryAfterSeconds)}, then try again.</p>
        </Told>
      );
    case 'unavailable':
      return (
        <Told tone="bad" title="Signing in is not possible now">
          <p>The gateway does not answer as it should. Try again in {waitText(notice.retryAfterSeconds)}.</p>
          <TraceId id={notice.traceId} />
        </Told>
      );
    case 'signed-out':
      return notice.revoked ? (
        <Told tone="good" title="You are signed out">
          <p>The session has ended everywhere.</p>
        </Told>
      ) : (
        <Told tone="warning" title="You are signed out in this browser">
          <p>
            The gateway could not be told. If somebody else may have used this session, sign in and out again:
            until it expires it still works for whoever has its token.
          </p>
        </Told>
      );
    case 'session-ended':
      return (
        <Told tone="quiet" title="Your session has ended">
          <p>Sign in again, and you are taken back to where you were.</p>
        </Told>
      );
  }
}

interface ToldProps {
  readonly tone: 'good' | 'bad' | 'warning' | 'quiet';
  readonly title: string;
  readonly children: ReactNode;
}

function Told({ tone, title, children }: ToldProps): ReactElement {
  return (
    <div
      className={`notice tone-${tone}`}
      role={tone === 'bad' ? 'alert' : 'status'}
      tabIndex={-1}
      autoFocus
      id="notice"
    >
      <h2>{title}</h2>
      {children}
    </div>
  );
}
