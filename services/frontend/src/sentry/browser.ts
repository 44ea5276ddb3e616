/** The only file that loads Sentry in the browser. Import it dynamically: a page without a DSN must not pay for it. */
import {
  addEventProcessor,
  browserApiErrorsIntegration,
  captureException,
  dedupeIntegration,
  getCurrentScope,
  globalHandlersIntegration,
  init,
  linkedErrorsIntegration,
  replayIntegration,
} from '@sentry/nextjs';
import { scrubValue } from '../../../../core/observability/scrub';
import { allowedEvent } from '../../../../core/observability/sentry-event';
import { allowedReplayEvent } from './replay-event';
import { TUNNEL, type ErrorSettings } from './settings';

/** One visit in a hundred is recorded, and of those with an error one in ten. */
const REPLAYS = { replaysSessionSampleRate: 0.01, replaysOnErrorSampleRate: 0.1 };

const REPLAY = 'replay_event';

/** What of a replay is made unreadable: all of it that a person could have written or could be known by. */
const REPLAY_PRIVACY: Parameters<typeof replayIntegration>[0] = {
  maskAllText: true,
  maskAllInputs: true,
  blockAllMedia: true,
  maskAttributes: ['title', 'placeholder', 'aria-label', 'alt', 'value'],
  networkDetailAllowUrls: [],
  networkCaptureBodies: false,
  networkRequestHeaders: [],
  networkResponseHeaders: [],
};

/**
 * Starts Sentry with what is named here and nothing else: no tracing, which belongs to OpenTelemetry, no breadcrumbs of
 * clicks and consoles, no sessions, no user. Every event is built anew by the same allow-list as on the server.
 *
 * @param before errors that came while this file was loaded
 */
export function startErrors(
  { dsn, environment, release, traceId }: ErrorSettings,
  before: readonly unknown[],
): void {
  init({
    dsn,
    environment,
    release,
    tunnel: TUNNEL,
    defaultIntegrations: [],
    integrations: [
      globalHandlersIntegration(),
      browserApiErrorsIntegration(),
      linkedErrorsIntegration(),
      dedupeIntegration(),
      replayIntegration({
        ...REPLAY_PRIVACY,
        // The worker that compresses comes from a blob: URL, which the content security policy does not allow.
        useCompression: false,
        beforeAddRecordingEvent: (event) => scrubValue(event) as typeof event,
      }),
    ],
    ...REPLAYS,
    tracePropagationTargets: [],
    sendClientReports: false,
    maxBreadcrumbs: 0,
    dataCollection: {
      userInfo: false,
      cookies: false,
      httpHeaders: false,
      httpBodies: [],
      urlQueryParams: false,
      stackFrameVariables: false,
      frameContextLines: 0,
    },
    beforeSend: (event, hint) => {
      hint.attachments = [];
      return allowedEvent<typeof event>(event, { tags: ['replayId'], breadcrumbs: false });
    },
  });
  addEventProcessor((event) => (event.type === REPLAY ? allowedReplayEvent(event) : event));
  // What goes wrong here belongs to the trace in which the page was made.
  getCurrentScope().setPropagationContext({ traceId, sampleRand: Math.random() });
  for (const error of before) captureException(error);
}
