import { PrismaPg } from '@prisma/adapter-pg';
import type { RotatingPool } from '../../../../core/secrets/client';
import { PrismaClient } from '../generated/prisma/client';
import { FollowingPgPool } from './following-pg-pool';

export type Database = PrismaClient;

/**
 * For each connection so many may wait. A statement takes some milliseconds, so that the last of them has its turn
 * after some tens of milliseconds; when it takes longer, the database has other trouble and more waiting does not help.
 */
const WAITING_PER_CONNECTION = 10;

export interface OpenDatabase {
  readonly client: Database;
  /** How many wait for a connection. */
  waiting(): number;
}

/** Prisma over the rotating pool. Connects to nothing before it is first used. */
export function openDatabase(pool: RotatingPool, connections: number): OpenDatabase {
  const following = new FollowingPgPool(pool, connections * WAITING_PER_CONNECTION);
  const client = new PrismaClient({ adapter: new PrismaPg(following), errorFormat: 'minimal' });
  return { client, waiting: () => following.waiting };
}

/**
 * What every session of the services is held to, milliseconds: no request waits longer, and none holds a lock or a
 * connection that nobody wants any more.
 */
export const SESSION_LIMITS = {
  connectionTimeoutMillis: 3_000,
  idleTimeoutMillis: 60_000,
  statement_timeout: 5_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 10_000,
  // The server's own limit comes first; this one is for a server that does not answer at all.
  query_timeout: 8_000,
  keepAlive: true,
} as const;
