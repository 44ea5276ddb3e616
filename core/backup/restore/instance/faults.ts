import { GoLiveError, saidBy } from '../../../shared/errors';
import { isFault } from '../../snapshot/rds-calls';
import {
  EngineVersionError,
  InstanceStateError,
  RdsCapacityError,
  RdsQuotaError,
  RdsRefusedError,
  RestoreSourceError,
} from './errors';

type Make = (message: string, cause: unknown) => GoLiveError;

const quota: Make = (message, cause) => new RdsQuotaError(message, { cause });
const capacity: Make = (message, cause) => new RdsCapacityError(message, { cause });
const refused: Make = (message, cause) => new RdsRefusedError(message, { cause });
const source: Make = (message, cause) => new RestoreSourceError(message, { cause, retryable: false });
const version: Make = (message, cause) => new EngineVersionError(message, { cause });
const state: Make = (message, cause) => new InstanceStateError(message, { cause });

/** RDS's code without `Fault`, what kind of error it is for us, and what to do. */
const ADVICE: readonly (readonly [code: string, make: Make, advice: string])[] = [
  [
    'InstanceQuotaExceeded',
    quota,
    'discard what earlier restores left (golive restore --list-instances), or have the quota "DB instances" raised in Service Quotas',
  ],
  [
    'StorageQuotaExceeded',
    quota,
    'discard what earlier restores left (golive restore --list-instances), or have the quota "Total storage for all DB instances" raised in Service Quotas',
  ],
  [
    'SnapshotQuotaExceeded',
    quota,
    'delete manual snapshots that nobody needs, or have the quota "Manual DB instance snapshots" raised in Service Quotas',
  ],
  [
    'DBInstanceAutomatedBackupQuotaExceeded',
    quota,
    'delete retained automated backups that nobody needs, or have the quota raised in Service Quotas',
  ],
  [
    'InsufficientDBInstanceCapacity',
    capacity,
    'try again in some minutes, or take another class with --settings (instanceClass)',
  ],
  [
    'ProvisionedIopsNotAvailableInAZ',
    capacity,
    'try again in some minutes, or take another storage type with --settings (storageType)',
  ],
  [
    'DBSubnetGroupDoesNotCoverEnoughAZs',
    refused,
    'restore with --settings (multiAz false), or give the subnet group another zone',
  ],
  ['DBSnapshotNotFound', source, 'golive backup list shows what there is'],
  ['InvalidDBSnapshotState', source, 'wait until the snapshot is available, or take another one'],
  [
    'InvalidRestore',
    source,
    'choose another snapshot, or a point in time within the window that golive backup list shows',
  ],
  [
    'PointInTimeRestoreNotEnabled',
    source,
    'the instance keeps no automated backups: restore a snapshot or a dump',
  ],
  [
    'DBInstanceAutomatedBackupNotFound',
    source,
    'its automated backups are gone: restore a snapshot or a dump',
  ],
  [
    'DBParameterGroupNotFound',
    refused,
    'deploy the Database stack, or name another one with --settings (parameterGroup)',
  ],
  ['OptionGroupNotFound', refused, 'name another one with --settings (optionGroup)'],
  [
    'DBSubnetGroupNotFound',
    refused,
    'deploy the Database stack, or name another one with --settings (subnetGroup)',
  ],
  ['InvalidVPCNetworkState', refused, 'look at the VPC, its subnets and the security groups of the instance'],
  ['InvalidSubnet', refused, "look at the subnets of the instance's subnet group"],
  [
    'KMSKeyNotAccessible',
    refused,
    'see in KMS whether the key is disabled or pending deletion and cancel that, and that your role may use it (kms:CreateGrant, kms:DescribeKey)',
  ],
  [
    'InvalidDBInstanceState',
    state,
    'see what the instance is doing (golive restore --list-instances), and run it again after it',
  ],
  [
    'DBInstanceAlreadyExists',
    state,
    'see who made an instance of that name, rename that one, and run it again',
  ],
  ['DBInstanceNotFound', state, 'see with golive restore --list-instances what is there'],
  [
    'DBSnapshotAlreadyExists',
    state,
    'see who made a snapshot of that name, delete that one if nobody needs it, and run it again',
  ],
  ['StorageTypeNotSupported', refused, 'take another one with --settings (storageType)'],
];

/** What RDS says of a version that it does not run any more; it has no code of its own. */
const NO_SUCH_VERSION =
  /(?:cannot find|can't find|no longer|not (?:available|supported)|deprecated).*version|engine version.*(?:not|deprecated|no longer)/i;

/**
 * Names what RDS refused, with what to do. What is ours already, and what is nobody's refusal, stays as it is.
 *
 * @param doing such as `"prod" could not be renamed`
 */
export function refusal(error: unknown, doing: string): unknown {
  if (error instanceof GoLiveError || !(error instanceof Error)) return error;
  const found = ADVICE.find(([code]) => isFault(error, code));
  if (found) return found[1](`${doing}: ${saidBy(error)}; ${found[2]}`, error);
  if (/^InvalidParameter/.test(error.name) && NO_SUCH_VERSION.test(error.message)) {
    return version(
      `${doing}: ${saidBy(error)}; take a newer snapshot, or a dump, which any newer version restores`,
      error,
    );
  }
  if (/^AccessDenied|^UnauthorizedOperation|NotAuthorized/.test(error.name)) {
    return refused(
      `${doing}: ${saidBy(error)}; ask for the operator's policy (docs/runbook.md, restoring a snapshot)`,
      error,
    );
  }
  if ('$fault' in error || /^InvalidParameter/.test(error.name)) {
    return refused(`${doing}: ${saidBy(error)}; put right what it names, and run it again`, error);
  }
  return error;
}

/** Does something at RDS, and names what it refuses. */
export async function asking<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw refusal(error, doing);
  }
}
