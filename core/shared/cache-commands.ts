import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

/** Where a cache is. */
export interface CacheEndpoint {
  readonly host: string;
  readonly port: number;
  /** PEM text of the authorities to trust. @default - Node's own, of which ElastiCache's is one */
  readonly ca?: string | undefined;
  /** For the whole of it, milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

export interface CacheLogin {
  readonly username: string;
  readonly password: string;
}

/** A cache answered a command with an error: its own words, such as `WRONGPASS invalid username-password pair`. */
export class CacheRefusal extends Error {}

const TIMEOUT_MS = 5_000;

/**
 * Logs in over verified TLS and sends commands whose reply is one line. A password never stands in an error.
 * https://valkey.io/topics/protocol/
 *
 * @returns the replies, such as `OK`
 * @throws CacheRefusal at the first error that the cache replies, and whatever the connection throws
 */
export async function sendToCache(
  { host, port, ca, timeoutMs = TIMEOUT_MS }: CacheEndpoint,
  { username, password }: CacheLogin,
  commands: readonly (readonly string[])[],
): Promise<string[]> {
  const socket = connect({ host, port, servername: host, ca });
  const tooLong = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await once(socket, 'secureConnect');
    const lines = linesOf(socket);
    const replies: string[] = [];
    for (const words of [['AUTH', username, password], ...commands]) {
      socket.write(encoded(words));
      const { value: line } = await lines.next();
      if (line === undefined) throw new Error('it hung up');
      if (line.startsWith('-')) throw new CacheRefusal(line.slice(1));
      replies.push(line.slice(1));
    }
    return replies.slice(1);
  } finally {
    clearTimeout(tooLong);
    socket.destroy();
  }
}

/** An array of bulk strings, in which nothing needs to be escaped. */
function encoded(words: readonly string[]): string {
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
