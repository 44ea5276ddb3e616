import { captureError } from '@golive/observability/errors';
import { unstable_rethrow } from 'next/navigation';
import type { ReactElement } from 'react';
import { currentRequest, runtime } from '../server/runtime';
import { Page } from './page';
import { TraceId } from './trace-id';

/**
 * The page that is made, or one that says that it could not be. Left to Next.js, what a page throws becomes an empty
 * document that only JavaScript fills.
 */
export async function pageOrFailure(make: () => Promise<ReactElement>): Promise<ReactElement> {
  try {
    return await make();
  } catch (error) {
    // A redirect is thrown, too.
    unstable_rethrow(error);
    const request = currentRequest();
    captureError(error, { component: 'page' });
    runtime().log.error({ err: error, trace_id: request.traceId }, 'a page could not be made');
    request.status = 500;
    return (
      <Page narrow>
        <title>Error · GoLive</title>
        <h1>Something went wrong here</h1>
        <p>It is not your doing, and it has been noted.</p>
        <TraceId id={request.traceId} />
      </Page>
    );
  }
}
