import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { GoLiveError, saidBy } from '../../shared/errors';

/** Where a cache is. */
export interface CacheEndpoint {
  readonly host: string;
  readonly port: number;
  /** PEM text of the authorities to trust. @default - Node's own, of which ElastiCache's is one */
  readonly ca?: string | undefined;
  /** For the whole of it, milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

/** The cache could not be reached, or refused a user. Never says the password. */
export class CacheLoginError extends GoLiveError {
  readonly code = 'CacheLoginError';
  override readonly retryable = true;
}

const TIMEOUT_MS = 5_000;

/**
 * Proves over verified TLS that a cache accepts a user's password and answers it.
 * https://valkey.io/topics/protocol/
 *
 * @throws CacheLoginError
 */
export async function logIntoCache(
  { host, port, ca, timeoutMs = TIMEOUT_MS }: CacheEndpoint,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<void> {
  const socket = connect({ host, port, servername: host, ca });
  const tooLong = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await once(socket, 'secureConnect');
    const replies = linesOf(socket);
    for (const [words, expected] of [
      [['AUTH', username, password], '+OK'],
      [['PING'], '+PONG'],
    ] as const) {
      socket.write(commandOf(words));
      const { value: reply = 'it hung up' } = await replies.next();
      if (reply !== expected) throw new Error(reply);
    }
  } catch (error) {
    throw new CacheLoginError(
      `${host}:${port} did not let cache user "${username}" in: ${saidBy(error)}; see that the user is active in the cache's user group and that the cache's security group lets this function in`,
      { cause: error },
    );
  } finally {
    clearTimeout(tooLong);
    socket.destroy();
  }
}

/** An array of bulk strings, in which nothing needs to be escaped. */
function commandOf(words: readonly string[]): string {
  return [`*${words.length}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]), ''].join(
    '\r\n',
  );
}

async function* linesOf(socket: TLSSocket): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const data of socket) {
    const lines = `${rest}${String(data)}`.split('\r\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  return undefined;
}
