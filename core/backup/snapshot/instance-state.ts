/**
 * What a snapshot run does when it meets an instance in this state.
 *
 * - `take`: RDS takes a snapshot now.
 * - `wait`: the state passes by itself, in minutes.
 * - `stop`: it does not pass by itself, or there is no data to take: a person has to look.
 */
export type Verdict = 'take' | 'wait' | 'stop';

/**
 * Every documented state of an RDS instance.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status
 *
 * Snapshots may be made of `available` and `storage-optimization` only:
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html
 */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  available: 'take',
  // Fully operational, and may last longer than a day: waiting for its end would skip a night.
  'storage-optimization': 'take',

  'backing-up': 'wait',
  'configuring-enhanced-monitoring': 'wait',
  'configuring-iam-database-auth': 'wait',
  'configuring-log-exports': 'wait',
  'converting-to-vpc': 'wait',
  creating: 'wait',
  // Ends in `deleting`, which stops us, or back in `available`.
  'delete-precheck': 'wait',
  maintenance: 'wait',
  modifying: 'wait',
  'moving-to-vpc': 'wait',
  rebooting: 'wait',
  renaming: 'wait',
  'resetting-master-credentials': 'wait',
  starting: 'wait',
  'storage-config-upgrade': 'wait',
  'storage-initialization': 'wait',
  upgrading: 'wait',

  deleting: 'stop',
  failed: 'stop',
  'inaccessible-encryption-credentials': 'stop',
  'inaccessible-encryption-credentials-recoverable': 'stop',
  'incompatible-create': 'stop',
  'incompatible-network': 'stop',
  'incompatible-option-group': 'stop',
  'incompatible-parameters': 'stop',
  'incompatible-restore': 'stop',
  'insufficient-capacity': 'stop',
  'restore-error': 'stop',
  stopped: 'stop',
  stopping: 'stop',
  'storage-full': 'stop',
};

/** What to do about the states where it is not "look at the instance's recent events". */
const ADVICE: Readonly<Record<string, string>> = {
  'inaccessible-encryption-credentials':
    'make its KMS key usable again, then restore the instance from a backup',
  'inaccessible-encryption-credentials-recoverable':
    'enable its KMS key again and start the instance within 7 days, after which it is lost',
  stopped: 'start it, or disable this schedule while it is meant to be stopped',
  stopping: 'start it again, or disable this schedule while it is meant to be stopped',
  'storage-full': 'raise its allocated storage now: nothing can be written',
  failed: 'RDS cannot recover it: restore to the latest restorable time (docs/runbook.md, restore)',
  deleting: 'if nobody meant to delete it, restore its newest backup (docs/runbook.md, restore)',
};

/** A state that RDS has added since is waited for, as most new ones are passing; the wait has an end. */
export function verdictOn(state: string): Verdict {
  return VERDICTS[state] ?? 'wait';
}

export function isKnownState(state: string): boolean {
  return state in VERDICTS;
}

/** What an operator should do about a state that stops a run. */
export function adviceOn(state: string): string {
  return (
    ADVICE[state] ?? "look at the instance's recent events in the RDS console, and put right what they name"
  );
}

export const DOCUMENTED_STATES: readonly string[] = Object.keys(VERDICTS);
