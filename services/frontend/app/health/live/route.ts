export const dynamic = 'force-dynamic';

/** Whether the process is alive: whoever restarts it asks. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'Cache-Control': 'no-store' } });
}
