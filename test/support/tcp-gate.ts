import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A door before a server, which can be shut as networks and servers are. */
export interface TcpGate {
  readonly port: number;
  /** As it was: all goes through. */
  open(): void;
  /** Hangs up on everybody, and on who comes: the server is not there. */
  close(): void;
  /** Says nothing any more and hangs up on nobody: the network has swallowed it. */
  swallow(): void;
  /** Hangs up on everybody once, and lets in who comes. */
  hangUp(): void;
  stop(): Promise<void>;
}

/** Stands before `localhost:port`. */
export async function tcpGate(port: number): Promise<TcpGate> {
  let state: 'open' | 'closed' | 'swallowing' = 'open';
  const sockets = new Set<Socket>();
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server: Server = createServer((client) => {
    if (state === 'closed') return void client.destroy();
    const upstream = connect(port, 'localhost');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        if (state === 'open') to.write(data);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    open: () => {
      // What was swallowed is missing: those connections can only be made anew.
      if (state === 'swallowing') hangUp();
      state = 'open';
    },
    close: () => {
      state = 'closed';
      hangUp();
    },
    swallow: () => {
      state = 'swallowing';
    },
    hangUp,
    stop: async () => {
      hangUp();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
