import { readFile } from 'node:fs/promises';
import { DatabaseError, Pool, type PoolClient, type PoolConfig } from 'pg';
import type { PostgresEndpoint } from '../../postgres/endpoint';

/** What a pool may be told besides where it connects to, and as whom. */
export type PoolSettings = Omit<
  PoolConfig,
  'user' | 'password' | 'host' | 'port' | 'database' | 'ssl' | 'connectionString' | 'Client' | 'Promise'
>;

/** The connections that were made with one version of a secret. */
export class PoolGeneration {
  #connecting = 0;
  #end: (() => void) | undefined;

  private constructor(
    readonly version: string,
    readonly endpoint: PostgresEndpoint,
    private readonly pool: Pool,
  ) {}

  /** Connects to nothing yet. TLS always, and the server must prove who it is. */
  static async of(
    version: string,
    endpoint: PostgresEndpoint,
    settings: PoolSettings,
    onIdleError: (error: Error) => void,
  ): Promise<PoolGeneration> {
    const { host, port, database, user, password, caFile } = endpoint;
    const ca = await readFile(caFile, 'utf8');
    const ssl = { ca, rejectUnauthorized: true };
    const pool = new Pool({ ...settings, host, port, database, user, password, ssl });
    // Without a listener an idle connection that breaks would end the process. The pool has let go of it already.
    pool.on('error', onIdleError);
    return new PoolGeneration(version, endpoint, pool);
  }

  get counts(): { readonly total: number; readonly idle: number; readonly waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  /** A connection, by whose {@link Lease.giveBack} it must come back. Throws what node-postgres says. */
  async lease(): Promise<Lease> {
    this.#connecting += 1;
    try {
      const client = await this.pool.connect();
      // A connection that breaks also fails its query, and that is where it is handled.
      const ignore = (): void => undefined;
      client.on('error', ignore);
      return {
        client,
        giveBack: (error) => {
          client.removeListener('error', ignore);
          client.release(!isReusable(client, error));
        },
      };
    } finally {
      this.#connecting -= 1;
      this.#endWhenDue();
    }
  }

  /** Shows that the server lets us in. Throws what node-postgres says. */
  async prove(): Promise<void> {
    (await this.lease()).giveBack();
  }

  /**
   * Closes what is idle now and the rest as it comes back; the promise is kept when all are closed. Who waits for a
   * connection still gets one: a pool of node-postgres that is ended forgets those.
   */
  retire(): Promise<void> {
    return new Promise((resolve) => {
      this.#end = () => resolve(this.pool.end());
      this.#endWhenDue();
    });
  }

  #endWhenDue(): void {
    if (this.#connecting > 0) return;
    this.#end?.();
    this.#end = undefined;
  }
}

export interface Lease {
  readonly client: PoolClient;
  /** @param error what the work ended with, if it failed */
  giveBack(error?: unknown): void;
}

/**
 * Whether the next one may have the connection: not one with a transaction left open, nor one on which something else
 * failed than a statement that the server refused. Class 57 is the server going away, XX its own trouble.
 * https://www.postgresql.org/docs/17/errcodes-appendix.html
 */
function isReusable(client: PoolClient, error: unknown): boolean {
  if (client.getTransactionStatus() !== 'I') return false;
  if (error === undefined) return true;
  return error instanceof DatabaseError && !/^(57P|XX)/.test(error.code ?? 'XX');
}
