import type { IncomingMessage, Server } from 'node:http';

const trusted = new WeakSet<object>();

/** What comes in by this server comes from the frontend, which is believed. */
export function trustServer(server: Server): void {
  trusted.add(server);
}

/** Whether a request came in by a server that is trusted. Works before anything else has seen the request. */
export function isTrusted({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  // Node's own servers note themselves on each of their sockets.
  const { server } = socket as { server?: object };
  return server !== undefined && trusted.has(server);
}
