import { createServer } from 'node:net';

/** A port that nobody uses on localhost now; somebody else may take it before its user binds it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('localhost gave no port');
  return address.port;
}
