'use client';

import { useEffect, useState, type ReactElement } from 'react';
import { metaContent, TRACE_META } from '../src/sentry/settings';

/** A page that could not be made, or broke in the browser. */
export default function ErrorPage({
  error,
}: {
  readonly error: Error & { readonly digest?: string };
}): ReactElement {
  const [traceId, setTraceId] = useState<string>();
  useEffect(() => {
    setTraceId(metaContent(TRACE_META));
    // What has a digest was thrown on the server, and was reported there.
    if (error.digest === undefined) window.reportError(error);
  }, [error]);
  return (
    <main id="main" className="main narrow">
      <title>Error · GoLive</title>
      <h1>Something went wrong here</h1>
      <p>It is not your doing, and it has been noted.</p>
      <p>
        <a className="button" href="/">
          To the status page
        </a>
      </p>
      {traceId !== undefined && (
        <p className="trace">
          If it goes on, report it with this trace id: <code>{traceId}</code>
        </p>
      )}
    </main>
  );
}
