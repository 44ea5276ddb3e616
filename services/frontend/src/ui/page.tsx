import type { ReactElement, ReactNode } from 'react';
import { runtime } from '../server/runtime';
import { shortVersion } from '../status/text';
import { Wordmark } from './wordmark';

export interface PageProps {
  readonly children: ReactNode;
  /** What stands at the right of the header. */
  readonly aside?: ReactNode;
  /** A narrow page holds one thing, such as a form. */
  readonly narrow?: boolean;
}

/** The frame of every page. */
export function Page({ children, aside, narrow = false }: PageProps): ReactElement {
  const { environment, version } = runtime();
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <div className="top-inner">
          <a className="home" href="/" aria-label="GoLive, to the status page">
            <Wordmark />
          </a>
          <span className="environment">
            <span className="hidden">Environment: </span>
            {environment}
          </span>
          {aside}
        </div>
      </header>
      <main id="main" className={narrow ? 'main narrow' : 'main'} tabIndex={-1}>
        {children}
      </main>
      <footer className="bottom">
        <p>GoLive frontend, version {shortVersion(version)}</p>
      </footer>
    </>
  );
}
