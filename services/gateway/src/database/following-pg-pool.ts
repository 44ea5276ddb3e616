import { Pool, type PoolClient, type QueryConfig } from 'pg';
import type { RotatingPool } from '../../../../core/secrets/client';
import { GoLiveError } from '../../../../core/shared/errors';

/** More work waits for a connection than will be done in time. */
export class DatabaseBusyError extends GoLiveError {
  readonly code = 'DatabaseBusyError';
  override readonly retryable = true;
}

/**
 * The rotating pool, as the `pg.Pool` that Prisma's adapter asks for: every statement and every transaction goes by a
 * connection that the rotating pool lends, so Prisma follows the rotation without knowing of it. Each begins as
 * the owner role, because the login says so, and nothing here resets that.
 *
 * Whoever finds too many waiting is refused at once: what waits longer than its client does is work for nobody.
 */
export class FollowingPgPool extends Pool {
  #waiting = 0;
  readonly #rotating: RotatingPool;
  readonly #mostWaiting: number;

  /** @param mostWaiting so many may wait for a connection */
  constructor(rotating: RotatingPool, mostWaiting: number) {
    // It never opens a connection of its own.
    super({ max: 1 });
    this.#rotating = rotating;
    this.#mostWaiting = mostWaiting;
  }

  /** How many wait for a connection. */
  get waiting(): number {
    return this.#waiting;
  }

  /** As Prisma's adapter calls it: with one configuration, and for a promise. */
  override query = ((config: QueryConfig) =>
    this.#lend((client) => client.query(config))) as unknown as Pool['query'];

  /** For a transaction: the connection is lent until it is released. */
  override connect = (() =>
    new Promise<Lent>((resolve, reject) => {
      this.#lend(
        (client) =>
          new Promise<void>((giveBack, discard) => {
            resolve({
              query: client.query.bind(client),
              on: client.on.bind(client),
              removeListener: client.removeListener.bind(client),
              release: (error) => (error ? discard(discarded(error)) : giveBack()),
            });
          }),
      ).catch(reject);
    })) as unknown as Pool['connect'];

  /** The rotating pool is ended by who made it. */
  override end = (() => Promise.resolve()) as Pool['end'];

  async #lend<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#mostWaiting) {
      throw new DatabaseBusyError(
        `${this.#waiting} wait for a connection to the database already; try again in a moment, and see what keeps the connections busy`,
      );
    }
    this.#waiting += 1;
    let isWaiting = true;
    const stopWaiting = (): void => {
      if (isWaiting) this.#waiting -= 1;
      isWaiting = false;
    };
    try {
      return await this.#rotating.withClient((client) => {
        stopWaiting();
        return work(client);
      });
    } finally {
      stopWaiting();
    }
  }
}

/** What the adapter's transactions use of a client. */
type Lent = Pick<PoolClient, 'query' | 'on' | 'removeListener' | 'release'>;

function discarded(error: Error | true): Error {
  return error === true ? new Error('the connection is not to be used again') : error;
}
