import { randomBytes } from 'node:crypto';
import type { CallerIdentity } from '../../audit';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { withSession } from '../../postgres/session';
import type { Clock } from '../snapshot/clock';
import { putDrill } from './drill-object';
import { drillDump, type DumpDrillRequest } from './dump-drill';
import { drillIdAt } from './key';
import { DrillRecord, verdictOf } from './record';
import { extrapolate } from './recovery-time';
import { drillSnapshot, type SnapshotDrillRequest } from './snapshot-drill';

export interface DrillRequest
  extends
    Omit<DumpDrillRequest, 'now'>,
    Pick<SnapshotDrillRequest, 'rowTolerance' | 'timeoutMinutes' | 'expiryHours'> {
  /** The environment's name, such as `prod`. */
  readonly environment: string;
  readonly instanceIdentifier: string;
  /** RDS's immutable id of the live instance. */
  readonly dbiResourceId: string;
  readonly who: CallerIdentity;
  /** The live database, as its administrator. Asked for its size only, and for how to log in to a snapshot. */
  readonly live: () => Promise<PostgresEndpoint>;
  /** Restores the newest snapshot into a throw-away instance too, which costs money and most of an hour. */
  readonly withSnapshot?: boolean | undefined;
  /** What a recovery may take. @default 1800 */
  readonly objectiveSeconds?: number | undefined;
  readonly clock: Clock;
}

const DEFAULT_OBJECTIVE_SECONDS = 1800;

/**
 * Drills a restore and writes its record, however it ended. A drill that is killed or stopped leaves none; what it
 * left on the machine or in RDS is removed by the next.
 *
 * @returns the record, whose verdict is for the caller to judge
 * @throws DrillNotStoredError; the signal's reason
 */
export async function runDrill(request: DrillRequest): Promise<DrillRecord> {
  const { clock, environment, who, objectiveSeconds = DEFAULT_OBJECTIVE_SECONDS, signal } = request;
  const startedAt = clock.now();
  const drillId = drillIdAt(startedAt, randomBytes(4).toString('hex'));

  const { part: dump, recoverySeconds } = await drillDump({ ...request, now: () => clock.now() });
  const snapshot = request.withSnapshot ? await drillSnapshot({ ...request, drillId }) : null;
  const liveBytes = await sizeOf(request);
  const recovery =
    recoverySeconds === null
      ? undefined
      : extrapolate(recoverySeconds, dump.databaseBytes ?? 0, liveBytes ?? undefined);
  signal?.throwIfAborted();
  const record = DrillRecord.parse({
    drillVersion: 1,
    drillId,
    environment,
    who,
    startedAt: startedAt.toISOString(),
    finishedAt: clock.now().toISOString(),
    verdict: verdictOf([dump.verdict, ...(snapshot ? [snapshot.verdict] : [])]),
    objectiveSeconds,
    recoverySeconds,
    liveBytes,
    extrapolatedSeconds: recovery?.seconds ?? null,
    formula: recovery?.formula ?? 'nothing was measured: download, restore or analyze did not pass',
    withinObjective: recovery ? recovery.seconds <= objectiveSeconds : null,
    dump,
    snapshot,
  });
  await putDrill(request.s3, request.bucket, record);
  return record;
}

const SIZE_TIMEOUT_MS = 30_000;

/** A live database that cannot be asked keeps nobody from drilling: it may be the reason for it. */
async function sizeOf({ live, signal }: DrillRequest): Promise<number | null> {
  try {
    const endpoint = await live();
    return await withSession(
      endpoint,
      'golive-drill',
      { signal, statementTimeoutMs: SIZE_TIMEOUT_MS },
      async (session) => {
        const { rows } = await session.query<{ size: string }>(
          'SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size',
        );
        return Number(rows[0]!.size);
      },
    );
  } catch {
    return null;
  }
}
