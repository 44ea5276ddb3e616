import { redirect } from 'next/navigation';
import type { ReactElement } from 'react';
import type { Refusal } from '../gateway/answer';
import { currentRequest } from '../server/runtime';
import { returnPath, signInPath } from '../session/return-path';
import { forgetSession } from '../session/session';
import { waitText } from '../status/text';
import { Page } from './page';
import { TraceId } from './trace-id';

/**
 * The page instead of one that the gateway gave nothing for, with the status that says so: whoever looks at statuses, such
 * as the load balancer's alarms, must not take it for a success. Without a session there is no page but the way to one.
 */
export function refusedPage(refusal: Refusal): ReactElement {
  const request = currentRequest();
  const here = returnPath(request.url);
  switch (refusal.kind) {
    case 'signed-out':
    case 'wrong-credentials':
      forgetSession();
      return redirect(signInPath(here));
    case 'too-many':
      answerWith(429, refusal.retryAfterSeconds);
      return (
        <Page narrow>
          <title>Too many requests · GoLive</title>
          <h1>Too many requests</h1>
          <p>Wait {waitText(refusal.retryAfterSeconds)}, then open the page again.</p>
          <Again to={here} />
        </Page>
      );
    case 'unavailable':
      answerWith(503, refusal.retryAfterSeconds);
      return (
        <Page narrow>
          <title>Not available · GoLive</title>
          <h1>The status cannot be shown now</h1>
          <p>
            The gateway, which knows it, does not answer as it should. You are still signed in. Try again in{' '}
            {waitText(refusal.retryAfterSeconds)}.
          </p>
          <Again to={here} />
          <TraceId id={request.traceId} />
        </Page>
      );
  }
}

function answerWith(status: number, retryAfterSeconds: number): void {
  const request = currentRequest();
  request.status = status;
  request.headers.push(['Retry-After', String(retryAfterSeconds)]);
}

function Again({ to }: { readonly to: string }): ReactElement {
  return (
    <p>
      <a className="button" href={to}>
        Try again
      </a>
    </p>
  );
}
