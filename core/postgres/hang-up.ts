import type { Socket } from 'node:net';
import type { Client } from 'pg';

/** How long the server may take to end its side, milliseconds. */
const GOODBYE_MS = 2_000;

/**
 * Ends a connection, also one whose server does not answer any more. node-postgres says goodbye and waits for the
 * server to close, which never happens when the network has fallen silent: after a failover, or behind a NAT gateway
 * that has forgotten the connection. Never throws.
 */
export async function hangUp(client: Client): Promise<void> {
  // Not in its types. TLS puts another socket in the first one's place, so it is looked up late.
  const { connection } = client as unknown as { readonly connection: { readonly stream: Socket } };
  const silent = setTimeout(() => connection.stream.destroy(), GOODBYE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(silent);
}
