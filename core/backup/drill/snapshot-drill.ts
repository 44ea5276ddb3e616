import { randomBytes } from 'node:crypto';
import type { DBInstance, RDSClient } from '@aws-sdk/client-rds';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { checkedDump } from '../catalogue';
import { listSnapshots, type SnapshotBackup } from '../catalogue/snapshots';
import { readFingerprint } from '../dump/companions';
import { fingerprintDatabase, type DatabaseFingerprint } from '../fingerprint';
import type { Clock } from '../snapshot/clock';
import { InstanceMismatchError, InstanceNotFoundError } from '../snapshot/errors';
import { describeInstance, type RdsSession } from '../snapshot/rds-calls';
import type { SmokeStatement } from '../verify';
import { proveSmoke } from '../verify/smoke';
import { awaitInstance, awaitRemoval, InstanceBrokenError, logIn } from './await-instance';
import { chooseDump, type DumpChoice } from './choose-dump';
import { judgeSchema, judgeVolume } from './compare-snapshot';
import { NoSnapshotToDrillError, ThrowAwayInstanceError } from './errors';
import { restoreInstance } from './rds-calls';
import { SNAPSHOT_STAGES, verdictOfStages, type SnapshotPart, type SnapshotStageName } from './record';
import { failureOf, reasonOf, Stages, type OnProgress, type StageEnd } from './stages';
import {
  sweepThrowAwayInstances,
  throwAwayName,
  throwAwayTags,
  type DrillOwner,
} from './throw-away-instance';

export interface SnapshotDrillRequest extends Omit<DumpChoice, 'backup'>, DrillOwner {
  readonly rds: RDSClient;
  readonly drillId: string;
  /** The live database, as its administrator: who logs in to the throw-away one, and which database there. */
  readonly live: () => Promise<PostgresEndpoint>;
  readonly smokeSql?: readonly SmokeStatement[] | undefined;
  /** By which share of its rows a table may differ from the newest dump. @default 0.2 */
  readonly rowTolerance?: number | undefined;
  /** How long RDS may take to bring the instance up, and again to remove it. @default 120 */
  readonly timeoutMinutes?: number | undefined;
  /** After how long a throw-away instance that was left may be deleted by any drill. @default 6 */
  readonly expiryHours?: number | undefined;
  readonly clock: Clock;
  readonly scrub: (text: string) => string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress;
}

const DEFAULT_TOLERANCE = 0.2;
const DEFAULT_TIMEOUT_MINUTES = 120;
const DEFAULT_EXPIRY_HOURS = 6;
const SMOKE_TIMEOUT_MS = 60_000;
const COUNT_CONNECTIONS = 2;

/** What the newest dump holds. */
interface Expected {
  readonly id: string;
  readonly fingerprint: DatabaseFingerprint;
}

/**
 * Restores the newest snapshot into a throw-away instance beside the live one, looks whether the database in it is
 * whole, and deletes it. Instances that earlier drills left are deleted first, once their time is over.
 *
 * @throws the signal's reason, after it has asked RDS to delete the instance, and nothing else
 */
export async function drillSnapshot(request: SnapshotDrillRequest): Promise<SnapshotPart> {
  const {
    clock,
    rds,
    smokeSql = [],
    scrub,
    signal,
    onProgress,
    expiryHours = DEFAULT_EXPIRY_HOURS,
  } = request;
  const optional: SnapshotStageName[] = ['content', ...(smokeSql.length === 0 ? (['smoke'] as const) : [])];
  const stages = new Stages(SNAPSHOT_STAGES, { optional, scrub, speaksAgainst, onProgress });
  const session = sessionOf(request, signal);
  const remarks: string[] = [];
  const known: {
    snapshot?: SnapshotBackup;
    expected?: Expected | undefined;
    instanceIdentifier?: string;
    instanceClass?: string | undefined;
  } = {};
  const part = (more: Pick<SnapshotPart, 'verdict' | 'error'>): SnapshotPart => ({
    snapshotId: known.snapshot?.id ?? null,
    snapshotAt: known.snapshot?.createdAt?.toISOString() ?? null,
    instanceIdentifier: known.instanceIdentifier ?? null,
    instanceClass: known.instanceClass ?? null,
    comparedWith: known.expected?.id ?? null,
    stages: stages.all(),
    recoverySeconds: stages.secondsOf('instance', 'login'),
    remarks: remarks.map((remark) => scrub(remark)).filter(Boolean),
    ...more,
  });
  try {
    remarks.push(...(await sweepThrowAwayInstances(session, request)));
    const live = await liveInstance(session, request);
    known.snapshot = await newestSnapshot(rds, request);
    known.expected = await newestFingerprint(request, remarks);
    const identifier = throwAwayName(request.instanceIdentifier, request.drillId);
    known.instanceIdentifier = identifier;
    known.instanceClass = live.DBInstanceClass;
    const expiresAt = new Date(clock.now().getTime() + expiryHours * 3_600_000);
    const tags = throwAwayTags(request, request.drillId, expiresAt);
    try {
      const asked = { identifier, snapshotId: known.snapshot.id, live, tags };
      const instance = await bringUp(session, stages, asked);
      await lookInto(request, session, stages, instance, known.expected?.fingerprint);
    } finally {
      await remove(request, stages, identifier);
    }
    return part({ verdict: verdictOfStages(stages.all()), error: stages.firstFailure() });
  } catch (error) {
    signal?.throwIfAborted();
    return part({ verdict: speaksAgainst(error) ? 'failed' : 'not-run', error: failureOf(error, scrub) });
  }
}

function speaksAgainst(error: unknown): boolean {
  return error instanceof NoSnapshotToDrillError || error instanceof InstanceBrokenError;
}

function sessionOf(
  { rds, clock, timeoutMinutes = DEFAULT_TIMEOUT_MINUTES }: SnapshotDrillRequest,
  signal?: AbortSignal,
): RdsSession {
  return { rds, clock, signal, deadline: new Date(clock.now().getTime() + timeoutMinutes * 60_000) };
}

/** @throws InstanceNotFoundError, InstanceMismatchError */
async function liveInstance(session: RdsSession, owner: DrillOwner): Promise<DBInstance> {
  const instance = await describeInstance(session, owner.instanceIdentifier);
  if (!instance) {
    throw new InstanceNotFoundError(
      `${owner.instanceIdentifier} is not there, so nobody knows where a throw-away instance is to stand; if it was deleted by accident, restore its newest snapshot now (docs/runbook.md, restore)`,
    );
  }
  if (instance.DbiResourceId === owner.dbiResourceId) return instance;
  throw new InstanceMismatchError(
    `${owner.instanceIdentifier} is now ${instance.DbiResourceId}, not ${owner.dbiResourceId}; if that is meant, after a restore, set database.resourceId in its configuration and deploy the Backup stack`,
  );
}

/** @throws NoSnapshotToDrillError, RdsUnreadableError */
async function newestSnapshot(rds: RDSClient, { dbiResourceId }: DrillOwner): Promise<SnapshotBackup> {
  const finished = (await listSnapshots(rds, { dbiResourceId })).filter(
    ({ status, createdAt }) => status === 'finished' && createdAt !== undefined,
  );
  const [newest] = finished.sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));
  if (newest) return newest;
  throw new NoSnapshotToDrillError(
    `RDS keeps no finished snapshot of ${dbiResourceId}, so none could be restored; take one now, and find out why there is none`,
  );
}

/** A snapshot can be restored whether or not there is a dump to compare it with. */
async function newestFingerprint(
  request: SnapshotDrillRequest,
  remarks: string[],
): Promise<Expected | undefined> {
  const { s3, bucket, rds, database, signal } = request;
  try {
    const chosen = await chooseDump({ s3, bucket, rds, database });
    const { manifest } = await checkedDump(s3, bucket, chosen);
    const fingerprint = await readFingerprint({ s3, bucket }, manifest, signal);
    if (fingerprint) return { id: manifest.backupId, fingerprint };
    remarks.push(`the newest dump, ${manifest.backupId}, has no fingerprint`);
  } catch (error) {
    remarks.push(`the newest dump could not be read: ${reasonOf(error)}`);
  }
  return undefined;
}

async function bringUp(
  session: RdsSession,
  stages: Stages<SnapshotStageName>,
  asked: Parameters<typeof restoreInstance>[1],
): Promise<DBInstance> {
  return await timed(session, stages, 'instance', async () => {
    await restoreInstance(session, asked).catch((error: unknown) => {
      throw refusal(error, asked);
    });
    const value = await awaitInstance(session, asked.identifier);
    const detail = `${asked.identifier} (${value.DBInstanceClass}) of ${asked.snapshotId} is available`;
    return { end: { outcome: 'passed', detail }, value };
  });
}

/** What RDS says to a request to restore, with what to do. */
function refusal(error: unknown, { identifier, snapshotId }: Parameters<typeof restoreInstance>[1]): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  const said = `RDS did not restore ${snapshotId} into ${identifier}: ${reasonOf(error)}`;
  return error.name.startsWith('KMS')
    ? new InstanceBrokenError(
        `${said}; see in KMS whether the database's key is disabled or pending deletion, and cancel that now: without it no snapshot gives anything back`,
        { cause: error },
      )
    : new ThrowAwayInstanceError(
        `${said}; see to the quota, the capacity or the role's rights that it names, and drill again`,
        { cause: error },
      );
}

async function lookInto(
  request: SnapshotDrillRequest,
  session: RdsSession,
  stages: Stages<SnapshotStageName>,
  instance: DBInstance,
  expected: DatabaseFingerprint | undefined,
): Promise<void> {
  const { smokeSql = [], signal, rowTolerance = DEFAULT_TOLERANCE } = request;
  const endpoint = await timed(session, stages, 'login', async () => {
    const { endpoint: value, how } = await logIn(session, instance, await request.live(), newPassword);
    return { end: { outcome: 'passed', detail: how }, value };
  });
  await compare(request, session, stages, endpoint, expected, rowTolerance);
  await timed(session, stages, 'smoke', async () => {
    const { status: outcome, detail } = await proveSmoke(endpoint, smokeSql, {
      statementTimeoutMs: SMOKE_TIMEOUT_MS,
      signal,
    });
    return { end: { outcome, detail }, value: undefined };
  }).catch(() => signal?.throwIfAborted());
}

/** 32 characters that RDS takes: letters, digits, `-` and `_`. */
function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** One reading for both; what keeps the database from being read keeps neither from having an end. */
async function compare(
  { signal }: SnapshotDrillRequest,
  session: RdsSession,
  stages: Stages<SnapshotStageName>,
  endpoint: PostgresEndpoint,
  expected: DatabaseFingerprint | undefined,
  tolerance: number,
): Promise<void> {
  const notRun = (detail: string): StageEnd => ({ outcome: 'not-run', detail });
  stages.keep('content', notRun('a snapshot is of another instant than any dump'), 0);
  if (!expected) {
    for (const stage of ['structure', 'volume'] as const) {
      stages.keep(stage, notRun('there is no dump with a fingerprint to compare it with'), 0);
    }
    return;
  }
  let volume = notRun('because the restored database could not be read: see structure');
  await timed(session, stages, 'structure', async () => {
    const actual = await fingerprintDatabase({
      endpoint,
      concurrency: COUNT_CONNECTIONS,
      // Counted, and not hashed: contents of another instant are others.
      limits: { maxTableBytes: 0, leaveOutLargeObjects: true },
      ...(signal && { signal }),
    });
    volume = judgeVolume(expected, actual, tolerance);
    return { end: judgeSchema(expected, actual), value: undefined };
  }).catch(() => signal?.throwIfAborted());
  stages.keep('volume', volume, 0);
}

/**
 * By the given clock, which is RDS's pace.
 *
 * @throws what `attempt` throws, kept as the stage's end
 */
async function timed<T>(
  { clock }: RdsSession,
  stages: Stages<SnapshotStageName>,
  name: SnapshotStageName,
  attempt: () => Promise<{ end: StageEnd; value: T }>,
): Promise<T> {
  return await stages.time(name, attempt, () => clock.now().getTime());
}

/**
 * Deletes the throw-away instance, and waits until it is gone. Without the signal: whoever stops a drill wants it
 * deleted, and does not want to wait.
 */
async function remove(
  request: SnapshotDrillRequest,
  stages: Stages<SnapshotStageName>,
  identifier: string,
): Promise<void> {
  const session = sessionOf(request);
  await timed(session, stages, 'removal', async () => {
    await awaitRemoval(session, identifier, { untilGone: request.signal?.aborted !== true });
    return { end: { outcome: 'passed', detail: `${identifier} is gone` }, value: undefined };
  }).catch(() => undefined);
}
