import type { Client } from 'pg';
import { bytes } from '../../shared/units';
import { ServerDiskTooSmallError } from './errors';

/**
 * What a restore takes beside what it restores: WAL until the next checkpoint, and files to sort for indexes. An
 * allowance, and no measurement: the largest index decides.
 */
const ROOM = 1.2;

/**
 * Refuses a restore that the server's disk would not hold: a full one stops the live database, too.
 *
 * RDS lets its storage grow by itself, but only after five minutes of little room, and a restore is faster than that.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
 *
 * @param maintenance any session on the server
 * @param storageBytes of the server's disk, all of it
 * @param neededBytes the database's size when it was dumped
 * @throws ServerDiskTooSmallError
 */
export async function requireServerDisk(
  maintenance: Client,
  storageBytes: number,
  neededBytes: number,
): Promise<void> {
  // Of a database that we may not connect to, such as rdsadmin, PostgreSQL tells no size; those are small.
  const { rows } = await maintenance.query<{ used: string }>(
    `SELECT pg_catalog.sum(CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT')
        THEN pg_catalog.pg_database_size(oid) ELSE 0 END)::text AS used
      FROM pg_catalog.pg_database`,
  );
  const free = storageBytes - Number(rows[0]?.used ?? 0);
  const needed = Math.ceil(neededBytes * ROOM);
  if (free >= needed) return;
  throw new ServerDiskTooSmallError(
    `the server's disk of ${bytes(storageBytes)} has at most ${bytes(Math.max(free, 0))} free and the restore takes about ${bytes(needed)}; raise the instance's storage first (aws rds modify-db-instance --allocated-storage, minutes, no downtime), or drop what earlier restores left (golive restore --list)`,
  );
}
