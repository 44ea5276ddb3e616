'use client';

import { useEffect, type ReactElement } from 'react';
import './globals.css';

/** Stands in for the whole page when not even its frame could be made. */
export default function GlobalError({
  error,
}: {
  readonly error: Error & { readonly digest?: string };
}): ReactElement {
  useEffect(() => {
    if (error.digest === undefined) window.reportError(error);
  }, [error]);
  return (
    <html lang="en">
      <body>
        <main className="main narrow">
          <title>Error · GoLive</title>
          <h1>Something went wrong here</h1>
          <p>It is not your doing, and it has been noted.</p>
          <p>
            <a className="button" href="/">
              To the status page
            </a>
          </p>
        </main>
      </body>
    </html>
  );
}
