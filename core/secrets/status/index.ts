/** How old every secret of an environment is, who uses it, and whether that is in order. */
export { evaluateSecrets } from './evaluate';
export {
  isUnreadable,
  type LabelMove,
  type Observed,
  type PendingFact,
  type SecretFact,
  type SecretsFacts,
  type SecretState,
  type Unreadable,
  type VersionFact,
} from './facts';
export { SecretsLimits } from './limits';
export { observeSecrets, type StatusClients } from './observe';
export { pickUpsOf, type PickUpFact } from './picked-up';
export {
  SECRETS_CHECK_NAMES,
  SECRETS_SEVERITY,
  SecretsCheck,
  SecretsCheckStatus,
  SecretsReport,
  type SecretsCheckName,
} from './report';
export { parseRingDatesTag, RING_DATES_TAG, ringDatesTag, type RingDates } from './ring-dates';
export { readSecretState, SecretUnreadableError } from './secret-state';
