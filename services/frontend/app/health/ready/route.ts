import { runtime } from '../../../src/server/runtime';

export const dynamic = 'force-dynamic';

/**
 * Whether it can serve: whoever sends requests asks. The gateway is not asked. If it were, one gateway that is away would
 * take every frontend out of the load balancer, and people would get its bare error instead of a page that says what is
 * wrong and under which trace id.
 */
export function GET(): Response {
  const shuttingDown = runtime().isStopping();
  return Response.json(
    { status: shuttingDown ? 'not-ready' : 'ok', shuttingDown },
    { status: shuttingDown ? 503 : 200, headers: { 'Cache-Control': 'no-store' } },
  );
}
