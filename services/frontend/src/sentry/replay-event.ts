import { scrubText } from '../../../../core/observability/scrub';

/** Sentry's account of a segment of a replay; the recording travels beside it. */
export interface ReplayEvent {
  type?: string | undefined;
  event_id?: string | undefined;
  timestamp?: number | undefined;
  platform?: string | undefined;
  environment?: string | undefined;
  release?: string | undefined;
  replay_id?: unknown;
  replay_type?: unknown;
  replay_start_timestamp?: unknown;
  segment_id?: unknown;
  error_ids?: unknown;
  trace_ids?: unknown;
  urls?: unknown;
}

/** Builds the event anew out of what may leave, as `allowedEvent` does with errors: no user, no request, no browser. */
export function allowedReplayEvent<Event extends ReplayEvent>(event: Event): Event {
  const { type, event_id, timestamp, platform, environment, release } = event;
  const { replay_id, replay_type, replay_start_timestamp, segment_id, error_ids, trace_ids, urls } = event;
  return {
    type,
    event_id,
    timestamp,
    platform,
    environment,
    release,
    replay_id,
    replay_type,
    replay_start_timestamp,
    segment_id,
    error_ids,
    trace_ids,
    urls: Array.isArray(urls) ? urls.map((url) => scrubText(String(url).replace(/[?#].*$/s, ''))) : [],
  } as ReplayEvent as Event;
}
