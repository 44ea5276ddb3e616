import { createClient, type RedisClientType } from 'redis';
import { GoLiveError, saidBy } from '../../../../core/shared/errors';
import type { CacheCredentials } from './cache-credentials';

/** The cache cannot be used now. Whoever gets this does without it. */
export class CacheUnavailableError extends GoLiveError {
  readonly code = 'CacheUnavailableError';
  override readonly retryable = true;
}

/** The commands that the gateway sends. */
export type CacheCommands = Pick<RedisClientType, 'get' | 'set' | 'del' | 'eval' | 'ping' | 'isReady'>;

export interface CacheOptions {
  readonly host: string;
  readonly port: number;
  /** PEM text of the authorities to trust. @default those that Node knows */
  readonly ca?: string | undefined;
  readonly credentials: CacheCredentials;
  readonly log: {
    warn(details: object, message: string): void;
    info(details: object, message: string): void;
  };
}

/** A command that takes longer is given up: the database would have answered by then. */
const COMMAND_MS = 250;
/** After a failure nobody asks for so long: with many requests each would wait for its own time-out. */
const PAUSE_MS = 1_000;
const CONNECT_MS = 2_000;
const LONGEST_RETRY_MS = 2_000;
/** A connection on which nothing comes any more, not even the answer to a ping, is made anew. */
const PING_EVERY_MS = 4_000;
const SILENT_MS = 10_000;

/**
 * The cache, which may be away at any time: a command fails at once when there is no connection, soon when there is no
 * answer, and always as {@link CacheUnavailableError}. It connects by itself, again and again.
 */
export class Cache {
  #pausedUntil = 0;

  constructor(
    private readonly commands: CacheCommands,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get isReady(): boolean {
    return this.commands.isReady && this.now() >= this.#pausedUntil;
  }

  /**
   * Two promises and no more: every request comes here several times, and each promise costs once more while it is traced.
   *
   * @throws CacheUnavailableError
   */
  run<T>(command: (commands: CacheCommands) => Promise<T>): Promise<T> {
    if (!this.isReady) {
      return Promise.reject(new CacheUnavailableError('there is no connection to the cache; do without it'));
    }
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        clearTimeout(timer);
        this.#pausedUntil = this.now() + PAUSE_MS;
        reject(
          new CacheUnavailableError(`the cache did not answer: ${saidBy(error)}; do without it`, {
            cause: error,
          }),
        );
      };
      const timer = setTimeout(() => fail(new Error(`no answer within ${COMMAND_MS} ms`)), COMMAND_MS);
      try {
        command(this.commands).then((value) => {
          clearTimeout(timer);
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }
}

/** A cache that connects in the background, and its end. */
export function openCache(options: CacheOptions): { readonly cache: Cache; close(): void } {
  const { host, port, ca, credentials, log } = options;
  const client = createClient({
    socket: {
      host,
      port,
      tls: true,
      servername: host,
      ...(ca !== undefined && { ca }),
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (retries) =>
        Math.min(50 * 2 ** retries, LONGEST_RETRY_MS) * (0.5 + 0.5 * Math.random()),
    },
    credentialsProvider: credentials.provider,
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    pingInterval: PING_EVERY_MS,
    maintNotifications: 'disabled',
  });
  let lastSaid: string | undefined;
  client.on('error', (error: unknown) => {
    credentials.onError(error);
    const said = saidBy(error);
    // It is tried again many times a minute.
    if (said !== lastSaid) log.warn({ reason: said }, 'the cache is away; the gateway does without it');
    lastSaid = said;
  });
  client.on('ready', () => {
    lastSaid = undefined;
    log.info({ host, port }, 'the cache is connected');
  });
  // It ends only when the client is destroyed.
  client.connect().catch(() => undefined);
  return { cache: new Cache(client), close: () => client.destroy() };
}
