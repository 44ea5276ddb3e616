import { metaContent, SETTINGS_META, type ErrorSettings } from './src/sentry/settings';

/** Runs in the browser before the page comes to life. Sentry is loaded only where the page names a DSN. */
const settings = metaContent(SETTINGS_META);

if (settings !== undefined) {
  const early: unknown[] = [];
  const keepError = ({ error }: ErrorEvent) => early.push(error);
  const keepRejection = ({ reason }: PromiseRejectionEvent) => early.push(reason);
  window.addEventListener('error', keepError);
  window.addEventListener('unhandledrejection', keepRejection);
  void import('./src/sentry/browser').then(({ startErrors }) => {
    window.removeEventListener('error', keepError);
    window.removeEventListener('unhandledrejection', keepRejection);
    startErrors(JSON.parse(settings) as ErrorSettings, early);
  });
}
