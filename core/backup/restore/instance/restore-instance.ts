import { randomBytes } from 'node:crypto';
import type { DBInstance } from '@aws-sdk/client-rds';
import type { InstanceSettings } from './settings';
import { restoreParameters, wantedSettings } from './configuration';
import { deleteUnprotected } from './discard-instance';
import { InstanceDiffersError, InstanceStateError } from './errors';
import { proveLogin, type LoginCheck, type LoginOutcome } from './login';
import { INSTANCE_TAG, instanceName, tagsOfRestored, type RestoredMark } from './mark';
import { exclusively, type InstancePlace, type InstanceSession } from './place';
import { addTags, restoreFromSnapshot, restoreToPointInTime } from './rds';
import { isDeadEnd, settle } from './settle';
import { checkSource, type CheckedSource, type InstanceSource, type SourceRules } from './source';
import { liveOrKept, survey, swapping, type Restored, type Survey } from './survey';

export interface RestoreInstanceRequest extends InstancePlace, SourceRules {
  readonly source: InstanceSource;
  /** What is to be otherwise than at the live instance, or all that nobody else knows when that is gone. */
  readonly settings?: InstanceSettings | undefined;
  /** Settings that may differ, by name: a decision of a person. */
  readonly acceptDifferences?: readonly string[] | undefined;
  /** Absent: nobody logs in, and the result says so. */
  readonly login?: LoginCheck | undefined;
}

export interface RestoredInstance {
  readonly restoreId: string;
  readonly name: string;
  readonly dbiResourceId: string;
  readonly endpoint: { readonly host: string; readonly port: number } | undefined;
  /** When the data is of. Undefined when RDS does not say. */
  readonly dataOf: Date | undefined;
  /** `resumed`: an earlier run had begun it. */
  readonly outcome: 'restored' | 'resumed';
  readonly login: LoginOutcome;
  /** What a person should know. */
  readonly remarks: readonly string[];
  /** Failed attempts at the same source, deleted now. */
  readonly swept: readonly string[];
}

/** An unfinished restore of "the latest" that is older is not what somebody means who asks for the latest again. */
const LATEST_IS_LATEST_MS = 3_600_000;

/**
 * Restores a snapshot or a point in time into a new instance beside the live one, which is not touched: as the live
 * one is, setting by setting, and not as RDS's defaults are. It counts as restored when nothing differs and the
 * administrator can log in.
 *
 * It may be killed at any point: the instance bears tags from its first moment on, and the next run goes on with it.
 * What RDS gave up is deleted by the next run; everything else that fails is kept, as a restore takes its time.
 *
 * @throws LeaseHeldError; RestoreSourceError, WrongInstanceError, EngineVersionError, SettingsMissingError before
 *   anything is made; InstanceDiffersError, InstanceRestoreFailedError, InstanceLoginError, InstanceTimeLimitError,
 *   InstanceStateError; RdsQuotaError, RdsCapacityError, RdsRefusedError, RdsThrottledError
 */
export async function restoreInstance(request: RestoreInstanceRequest): Promise<RestoredInstance> {
  return await exclusively(request, async (session) => {
    const found = await survey(session);
    const source = await checkSource(session, request.source, found, request);
    const backup = source.kind === 'snapshot' ? source.snapshot : undefined;
    const wanted = wantedSettings(liveOrKept(found), backup, request.settings);
    requireRestorableKey(wanted, source, request.acceptDifferences);

    const begun = unfinished(found, source, session.clock.now());
    refuseHalfSwapped(found, begun);
    const swept = await sweep(
      session,
      begun.filter(({ instance }) => isDeadEnd(instance)),
    );
    const resumed = begun.find(({ instance }) => !isDeadEnd(instance));
    const { name, mark } = resumed ?? (await begin(session, source, wanted));

    const settled = await settle(session, name, wanted, request.acceptDifferences ?? []);
    const login = await proveLogin(session, name, request.login);
    if (mark.state === 'restoring') await setState(session, settled, 'ready');
    return {
      restoreId: mark.restoreId,
      name,
      dbiResourceId: settled.DbiResourceId ?? 'unknown',
      endpoint: endpointOf(settled),
      dataOf: source.at,
      outcome: resumed ? 'resumed' : 'restored',
      login,
      remarks: remarks({ found, source, settled, login, mark }),
      swept,
    };
  });
}

export async function setState(
  session: InstanceSession,
  instance: DBInstance,
  state: RestoredMark['state'],
): Promise<void> {
  await addTags(session, instance, [{ Key: INSTANCE_TAG.state, Value: state }]);
}

export function endpointOf({ Endpoint }: DBInstance): { host: string; port: number } | undefined {
  return Endpoint?.Address === undefined || Endpoint.Port === undefined
    ? undefined
    : { host: Endpoint.Address, port: Endpoint.Port };
}

/** What earlier runs began of the same source and did not finish, or finished and did not put in place. */
function unfinished(found: Survey, source: CheckedSource, now: Date): Restored[] {
  return found.restored.filter(({ mark }) => {
    if (mark.source !== source.key) return false;
    if (!source.key.endsWith('@latest')) return mark.state === 'restoring' || mark.state === 'ready';
    const isYoung = now.getTime() - new Date(mark.since).getTime() < LATEST_IS_LATEST_MS;
    return (mark.state === 'restoring' && isYoung) || mark.restoreId === swapping(found)?.mark.restoreId;
  });
}

/** Half-way, clients have no database: that is what is to be done first. */
function refuseHalfSwapped(found: Survey, begun: readonly Restored[]): void {
  const other = swapping(found);
  if (!other || begun.some(({ mark }) => mark.restoreId === other.mark.restoreId)) return;
  const id = other.mark.restoreId;
  throw new InstanceStateError(
    `the swap of restore ${id} stands half-way: finish it with golive restore ${id} --swap-instance, or take it back with golive restore --undo-instance ${id}`,
  );
}

/** It comes with the backup and can't be changed: better known now than in an hour. */
function requireRestorableKey(
  { kmsKeyId: wanted }: InstanceSettings,
  source: CheckedSource,
  accepted: readonly string[] = [],
): void {
  if (source.kind !== 'snapshot' || wanted === undefined || accepted.includes('kmsKeyId')) return;
  const { KmsKeyId: actual = null } = source.snapshot;
  if (actual === wanted) return;
  throw new InstanceDiffersError(
    `snapshot "${source.key}" is encrypted with ${actual ?? 'no key'} and the live instance with ${wanted ?? 'no key'}, and a restore keeps the snapshot's: copy the snapshot with the right key (aws rds copy-db-snapshot --kms-key-id), or accept it on purpose with --accept-difference kmsKeyId`,
    [{ setting: 'kmsKeyId', wanted, actual }],
  );
}

/** Only what is ours, never was proven, and RDS itself calls lost. */
async function sweep(session: InstanceSession, dead: readonly Restored[]): Promise<string[]> {
  const swept: string[] = [];
  for (const { name, instance, mark } of dead) {
    if (mark.state !== 'restoring') continue;
    session.progress('delete', name, instance.DBInstanceStatus);
    await deleteUnprotected(session, instance, undefined);
    swept.push(name);
  }
  return swept;
}

async function begin(
  session: InstanceSession,
  source: CheckedSource,
  wanted: InstanceSettings,
): Promise<{ readonly name: string; readonly mark: RestoredMark }> {
  const live = session.place.instanceIdentifier;
  const restoreId = randomBytes(4).toString('hex');
  const name = instanceName(live, 'restore', restoreId);
  const since = session.clock.now().toISOString();
  const mark: RestoredMark = { restoreId, live, source: source.key, since, state: 'restoring' };
  const parameters = {
    ...restoreParameters(wanted),
    Tags: [
      ...Object.entries(wanted.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
      ...tagsOfRestored(mark),
    ],
  };
  session.progress('restore', name);
  if (source.kind === 'snapshot') {
    await restoreFromSnapshot(session, {
      ...parameters,
      DBInstanceIdentifier: name,
      DBSnapshotIdentifier: source.key,
    });
  } else {
    const { dbiResourceId, instance, at, isLatest } = source;
    await restoreToPointInTime(session, {
      ...parameters,
      TargetDBInstanceIdentifier: name,
      // A name while there is one that we have just seen to be of that id; the id for an instance that is gone.
      ...(instance
        ? { SourceDBInstanceIdentifier: instance.DBInstanceIdentifier }
        : { SourceDbiResourceId: dbiResourceId }),
      ...(isLatest ? { UseLatestRestorableTime: true } : { RestoreTime: at }),
    });
  }
  return { name, mark };
}

interface Circumstances {
  readonly found: Survey;
  readonly source: CheckedSource;
  readonly settled: DBInstance;
  readonly login: LoginOutcome;
  readonly mark: RestoredMark;
}

function remarks({ found, source, settled, login, mark }: Circumstances): string[] {
  const said: string[] = [];
  const live = liveOrKept(found);
  if (live?.EngineVersion !== undefined && live.EngineVersion !== settled.EngineVersion) {
    said.push(
      `the live instance runs ${live.EngineVersion}, the restored one ${settled.EngineVersion}: RDS upgrades it in a maintenance window`,
    );
  }
  if (login === 'accepted-after-reset') {
    said.push(
      "the administrator's password was that of the backup's time and is now the secret's; every other role still has its old one: set those that changed since",
    );
  }
  if (login === 'not-run') said.push('nobody logged in to it: it is not proven that it lets anybody in');
  if (source.kind === 'point-in-time' && source.isLatest && mark.source.endsWith('@latest')) {
    said.push(`asked for at ${mark.since}; RDS restores what it had by then`);
  }
  const replicas = live?.ReadReplicaDBInstanceIdentifiers ?? [];
  if (replicas.length > 0) {
    said.push(
      `the read replicas ${replicas.join(', ')} stay with the instance that is live now: make new ones after a swap`,
    );
  }
  for (const other of found.restored) {
    if (other.mark.state !== 'restoring' || other.mark.restoreId === mark.restoreId) continue;
    said.push(
      `restore ${other.mark.restoreId} of ${other.mark.source} was never finished and costs money: go on with it, or golive restore --discard-instance ${other.mark.restoreId}`,
    );
  }
  return said;
}
