import { saidBy } from '../../../../core/shared/errors';
import { jsonOrUndefined } from '../../../../core/shared/json';
import { runtime } from '../server/runtime';

/** Sentry takes longer rarely, and nobody waits for it. */
const TIMEOUT_MS = 5_000;
/** What Sentry's SDK in the browser obeys. */
const PASSED_BACK = ['retry-after', 'x-sentry-rate-limits'];

/**
 * Takes an envelope from a browser to Sentry, so that the content security policy need not name another origin. Only what is
 * meant for our own project goes on, and nothing of the browser's request but the envelope: no address, no cookie.
 * https://docs.sentry.io/platforms/javascript/troubleshooting/#using-the-tunnel-option
 */
export async function forwardEnvelope(request: Request): Promise<Response> {
  const { sentryDsn, log } = runtime();
  const dsn = sentryDsn();
  if (dsn === undefined) return new Response(null, { status: 404 });
  const envelope = new Uint8Array(await request.arrayBuffer());
  if (dsnOf(envelope) !== dsn) return new Response(null, { status: 400 });
  try {
    const answer = await fetch(envelopeUrl(dsn), {
      method: 'POST',
      headers: { 'content-type': 'application/x-sentry-envelope' },
      body: envelope,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    const headers = new Headers({ 'Cache-Control': 'no-store' });
    for (const name of PASSED_BACK) {
      const value = answer.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    return new Response(null, { status: answer.status, headers });
  } catch (error) {
    log.warn({ reason: saidBy(error) }, 'an error of a browser could not be handed to Sentry');
    return new Response(null, { status: 502, headers: { 'Cache-Control': 'no-store' } });
  }
}

/** The first line of an envelope is a JSON object. https://develop.sentry.dev/sdk/foundations/transport/envelopes/ */
function dsnOf(envelope: Uint8Array): unknown {
  const end = envelope.indexOf(0x0a);
  const header = jsonOrUndefined(
    new TextDecoder().decode(envelope.subarray(0, end === -1 ? undefined : end)),
  );
  return typeof header === 'object' && header !== null && 'dsn' in header ? header.dsn : undefined;
}

/** https://develop.sentry.dev/sdk/foundations/transport/authentication/ */
function envelopeUrl(dsn: string): URL {
  const { protocol, host, pathname, username } = new URL(dsn);
  const [, path = '', project = ''] = /^(.*)\/(\d+)$/.exec(pathname) ?? [];
  const url = new URL(`${protocol}//${host}${path}/api/${project}/envelope/`);
  url.search = new URLSearchParams({ sentry_key: username, sentry_version: '7' }).toString();
  return url;
}
