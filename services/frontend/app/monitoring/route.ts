import { forwardEnvelope } from '../../src/sentry/tunnel';

export const dynamic = 'force-dynamic';

/** Where browsers send what went wrong; it goes on to Sentry. */
export async function POST(request: Request): Promise<Response> {
  return forwardEnvelope(request);
}
