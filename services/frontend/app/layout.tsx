import type { Metadata, Viewport } from 'next';
import type { ReactElement, ReactNode } from 'react';
import { currentRequest, runtime } from '../src/server/runtime';
import { SETTINGS_META, TRACE_META, type ErrorSettings } from '../src/sentry/settings';
import './globals.css';

/** Nothing is made when it is built: each page carries its own nonce, and one image runs in every environment. */
export const dynamic = 'force-dynamic';

export const metadata: Metadata = { description: 'How the environment is, and what was deployed' };

export const viewport: Viewport = {
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f6f7f4' },
    { media: '(prefers-color-scheme: dark)', color: '#121614' },
  ],
};

export default function Layout({ children }: { readonly children: ReactNode }): ReactElement {
  const { environment, version, sentryDsn } = runtime();
  const { traceId } = currentRequest();
  const dsn = sentryDsn();
  const settings: ErrorSettings | undefined =
    dsn === undefined ? dsn : { dsn, environment, release: version, traceId };
  return (
    <html lang="en">
      <head>
        <meta name={TRACE_META} content={traceId} />
        {settings && <meta name={SETTINGS_META} content={JSON.stringify(settings)} />}
      </head>
      <body>{children}</body>
    </html>
  );
}
