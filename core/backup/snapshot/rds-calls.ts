import {
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type DBInstance,
  type DBSnapshot,
  type RDSClient,
  type Tag,
} from '@aws-sdk/client-rds';
import type { Clock } from './clock';
import { RdsThrottledError } from './errors';

/** What every call needs: who to ask, and until when. */
export interface RdsSession {
  readonly rds: RDSClient;
  readonly clock: Clock;
  /** When the process ends. No call is repeated so late that there is no time to report. */
  readonly deadline: Date;
  readonly signal?: AbortSignal | undefined;
}

/** The end of a run, kept free for reporting what happened, in milliseconds. */
export const REPORTING_MS = 20_000;

/** Seconds between the repetitions of a throttled call; 8 of them bridge a minute's storm. */
const BACK_OFF_SECONDS = [1, 2, 4, 8, 10, 10, 10, 10];

/** Undefined when there is no such instance. */
export async function describeInstance(
  session: RdsSession,
  instanceIdentifier: string,
): Promise<DBInstance | undefined> {
  try {
    const { DBInstances } = await patiently(session, () =>
      session.rds.send(
        new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceIdentifier }),
        options(session),
      ),
    );
    return DBInstances?.[0];
  } catch (error) {
    if (isFault(error, 'DBInstanceNotFound')) return undefined;
    throw error;
  }
}

/** Undefined when there is no such snapshot. */
export async function findSnapshot(session: RdsSession, identifier: string): Promise<DBSnapshot | undefined> {
  try {
    const { DBSnapshots } = await patiently(session, () =>
      session.rds.send(
        new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: identifier, SnapshotType: 'manual' }),
        options(session),
      ),
    );
    return DBSnapshots?.[0];
  } catch (error) {
    if (isFault(error, 'DBSnapshotNotFound')) return undefined;
    throw error;
  }
}

/** Every manual snapshot of one instance, whoever made it and whatever the instance was called at the time. */
export async function listManualSnapshots(
  session: RdsSession,
  instanceResourceId: string,
): Promise<DBSnapshot[]> {
  const snapshots: DBSnapshot[] = [];
  let marker: string | undefined;
  do {
    const page = await patiently(session, () =>
      session.rds.send(
        new DescribeDBSnapshotsCommand({
          SnapshotType: 'manual',
          Filters: [{ Name: 'dbi-resource-id', Values: [instanceResourceId] }],
          MaxRecords: 100,
          Marker: marker,
        }),
        options(session),
      ),
    );
    snapshots.push(...(page.DBSnapshots ?? []));
    marker = page.Marker;
  } while (marker !== undefined && marker !== '');
  return snapshots;
}

export async function createSnapshot(
  session: RdsSession,
  request: { readonly identifier: string; readonly instanceIdentifier: string; readonly tags: Tag[] },
): Promise<void> {
  await patiently(session, () =>
    session.rds.send(
      new CreateDBSnapshotCommand({
        DBSnapshotIdentifier: request.identifier,
        DBInstanceIdentifier: request.instanceIdentifier,
        Tags: request.tags,
      }),
      options(session),
    ),
  );
}

export async function deleteSnapshot(session: RdsSession, identifier: string): Promise<void> {
  await patiently(session, () =>
    session.rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: identifier }), options(session)),
  );
}

/**
 * How much of the account's manual snapshots in this Region is used, in percent: 100 by default, shared with
 * everything else in the account. Undefined when RDS does not say. Asked once, because a run does not hang on it.
 */
export async function manualSnapshotQuotaUsed(session: RdsSession): Promise<number | undefined> {
  const { AccountQuotas } = await session.rds.send(
    new DescribeAccountAttributesCommand({}),
    options(session),
  );
  const quota = AccountQuotas?.find(({ AccountQuotaName }) => AccountQuotaName === 'ManualSnapshots');
  if (quota?.Used === undefined || quota.Max === undefined || quota.Max <= 0) return undefined;
  return Math.round((quota.Used / quota.Max) * 1000) / 10;
}

/** RDS's wire codes and the SDK's class names differ by `Fault`: `SnapshotQuotaExceeded[Fault]`. */
export function isFault(error: unknown, code: string): boolean {
  return error instanceof Error && (error.name === code || error.name === `${code}Fault`);
}

/**
 * Repeats a call that RDS throttled. The SDK has already retried by its own rules, in seconds; this goes on for
 * a minute, as another tool listing every snapshot of the account can last that long.
 *
 * @throws RdsThrottledError when it does not get through
 */
async function patiently<Output>(session: RdsSession, call: () => Promise<Output>): Promise<Output> {
  for (const seconds of [...BACK_OFF_SECONDS, undefined]) {
    try {
      return await call();
    } catch (error) {
      if (!isThrottle(error)) throw error;
      const waitMs = (seconds ?? Infinity) * 1000;
      if (session.clock.now().getTime() + waitMs > session.deadline.getTime() - REPORTING_MS) {
        throw new RdsThrottledError(
          'RDS throttled us until we gave up; the retry continues where this run stopped. If it recurs, find who ' +
            'floods the RDS API of this account and Region (CloudTrail, event source rds.amazonaws.com)',
          { cause: error },
        );
      }
      await session.clock.sleep(waitMs, session.signal);
    }
  }
  throw new Error('unreachable: the last turn returns or throws');
}

function isThrottle(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { $retryable } = error as { $retryable?: { throttling?: boolean } };
  return (
    $retryable?.throttling === true ||
    /^(?:Request)?Throttl|^RequestLimitExceeded$|^TooManyRequests/.test(error.name)
  );
}

function options({ signal }: RdsSession): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
