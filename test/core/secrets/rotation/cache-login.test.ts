import { once } from 'node:events';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { logIntoCache } from '../../../../core/secrets/rotation';
import { makeLocalCertificates, type LocalCertificates } from '../../../../local/certificates';

let certificates: LocalCertificates;
const servers: Server[] = [];
beforeAll(async () => {
  certificates = await makeLocalCertificates();
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const secret = { username: 'app', password: 'Pa55-planted "$%\r\n' };

/** A cache that answers each command so, or hangs up without an answer. */
async function cache(answers: readonly (string | undefined)[]) {
  const received: string[] = [];
  const server = createServer(
    { key: certificates.privateKey, cert: certificates.certificate },
    (socket: TLSSocket) => {
      const left = [...answers];
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        received.push(data.toString());
        const answer = left.shift();
        if (answer === undefined) socket.end();
        // In pieces, as a network may bring it.
        else for (const letter of answer) socket.write(letter);
      });
    },
  );
  return { endpoint: await listen(server), received };
}

async function listen(server: Server) {
  servers.push(server);
  server.on('error', () => undefined);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return { host: 'localhost', port: (server.address() as AddressInfo).port, ca: certificates.authority };
}

async function refusal(endpoint: Parameters<typeof logIntoCache>[0]): Promise<string> {
  const failure: unknown = await logIntoCache(endpoint, secret).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'CacheLoginError', retryable: true });
  expect((failure as Error).message).not.toContain('Pa55');
  return (failure as Error).message;
}

test('a cache that lets the user in and answers it is enough, whatever the password holds', async () => {
  const { endpoint, received } = await cache(['+OK\r\n', '+PONG\r\n']);
  await logIntoCache(endpoint, secret);
  expect(received.join('')).toBe(
    '*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$18\r\nPa55-planted "$%\r\n\r\n*1\r\n$4\r\nPING\r\n',
  );
});

test.each([
  ['refuses the password', ['-WRONGPASS invalid username-password pair\r\n'], 'WRONGPASS'],
  ['refuses what the user does then', ['+OK\r\n', '-NOPERM no permissions\r\n'], 'NOPERM'],
  ['hangs up', [undefined], 'it hung up'],
])('a cache that %s is told', async (_, answers, said) => {
  const { endpoint } = await cache(answers);
  await expect(refusal(endpoint)).resolves.toContain(said);
});

test('a cache that does not answer is told, after a while', async () => {
  const server = createPlainServer(() => undefined);
  await expect(refusal({ ...(await listen(server)), timeoutMs: 50 })).resolves.toContain(
    'no answer within 50 ms',
  );
});

test('a cache that is not trusted is sent no password', async () => {
  const { endpoint, received } = await cache([]);
  await expect(refusal({ ...endpoint, ca: undefined })).resolves.toMatch(/certificate|signature/);
  expect(received).toEqual([]);
});
