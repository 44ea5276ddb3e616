import {
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type DBInstance,
  type DBSnapshot,
  type DescribeDBInstancesCommandOutput,
  type DescribeDBSnapshotsCommandOutput,
  type RDSClient,
  type Tag,
} from '@aws-sdk/client-rds';
import type { Clock } from './clock';
import { RdsThrottledError } from './errors';
import { allPages } from './pages';

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

/** Every instance of the account in the session's Region, with its tags. */
export async function listInstances(session: RdsSession): Promise<DBInstance[]> {
  const pages = await allPages((marker): Promise<DescribeDBInstancesCommandOutput> =>
    patiently(session, () =>
      session.rds.send(new DescribeDBInstancesCommand({ MaxRecords: 100, ...marker }), options(session)),
    ),
  );
  return pages.flatMap(({ DBInstances = [] }) => DBInstances);
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

/**
 * Every manual snapshot, whoever made it and whatever the instance was called at the time.
 *
 * @param instanceResourceId of one instance only; without it, of all that the Region has or had
 */
export async function listManualSnapshots(
  session: RdsSession,
  instanceResourceId?: string,
): Promise<DBSnapshot[]> {
  const pages = await allPages((marker): Promise<DescribeDBSnapshotsCommandOutput> =>
    patiently(session, () =>
      session.rds.send(
        new DescribeDBSnapshotsCommand({
          SnapshotType: 'manual',
          ...(instanceResourceId !== undefined && {
            Filters: [{ Name: 'dbi-resource-id', Values: [instanceResourceId] }],
          }),
          MaxRecords: 100,
          ...marker,
        }),
        options(session),
      ),
    ),
  );
  return pages.flatMap(({ DBSnapshots = [] }) => DBSnapshots);
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

/**
 * Starts a copy into the session's Region, which RDS goes on with by itself, for hours if it must. The SDK signs the
 * request for the source's Region, which it reads from the ARN.
 */
export async function copySnapshot(
  session: RdsSession,
  request: {
    readonly sourceArn: string;
    readonly identifier: string;
    /** A key of the session's Region. */
    readonly kmsKeyArn: string;
    /** All that the copy shall have: RDS ignores `CopyTags` when tags are given. */
    readonly tags: Tag[];
  },
): Promise<void> {
  await patiently(session, () =>
    session.rds.send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: request.sourceArn,
        TargetDBSnapshotIdentifier: request.identifier,
        KmsKeyId: request.kmsKeyArn,
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
export async function patiently<Output>(session: RdsSession, call: () => Promise<Output>): Promise<Output> {
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

export function isThrottle(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { $retryable } = error as { $retryable?: { throttling?: boolean } };
  return (
    $retryable?.throttling === true ||
    /^(?:Request)?Throttl|^RequestLimitExceeded$|^TooManyRequests/.test(error.name)
  );
}

export function options({ signal }: RdsSession): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
