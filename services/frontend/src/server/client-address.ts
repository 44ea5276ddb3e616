import type { IncomingHttpHeaders } from 'node:http';
import { isIP, isIPv4 } from 'node:net';

/**
 * The address of who makes a request. The load balancer appends the address that it sees to `X-Forwarded-For`, so the last
 * entry alone is its own; what stands before is what the client says of itself. Without a load balancer it is the other
 * end of the connection.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
 */
export function clientAddress(headers: IncomingHttpHeaders, peer: string | undefined): string {
  const last = [headers['x-forwarded-for']].flat().at(-1)?.split(',').at(-1)?.trim() ?? '';
  const named = isIP(last) ? last : (peer ?? '');
  const mapped = named.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? mapped : named;
}
