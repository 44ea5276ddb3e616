/** What a page tells the browser about where errors go. It is made anew for each page: nothing of it is in the bundle. */
export interface ErrorSettings {
  readonly dsn: string;
  readonly environment: string;
  readonly release: string;
  /** The page's own trace: 32 hex digits. */
  readonly traceId: string;
}

/** The name of the page's `<meta>` element that holds the settings. */
export const SETTINGS_META = 'golive-errors';
/** The name of the one that holds the trace's id, which every page has. */
export const TRACE_META = 'golive-trace';
/** Our own address that takes errors on to Sentry. */
export const TUNNEL = '/monitoring';

/** The content of a `<meta>` element of the page. */
export function metaContent(name: string): string | undefined {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content;
}
