import type { SecretKind, SecretName } from '../catalogue';
import type { ServiceFact } from '../pick-up/services';
import type { RingDates } from './ring-dates';

/**
 * What is known of an environment's secrets without reading any. Times are the services' own. A part that could not
 * be read is `{ unreadable: reason }`, so that what depends on it is reported as not run.
 */
export interface SecretsFacts {
  readonly environment: string;
  /** Secrets Manager's present time; the host's when it did not answer at all. */
  readonly observedAt: Date;
  readonly secrets: readonly SecretFact[];
  /** The ECS services of the environment and which secrets each of them uses. */
  readonly services: Observed<readonly ServiceFact[]>;
}

export type Observed<T> = T | Unreadable;

export interface Unreadable {
  readonly unreadable: string;
}

export function isUnreadable<T extends object>(observed: Observed<T>): observed is Unreadable {
  return 'unreadable' in observed;
}

export interface SecretFact {
  readonly name: SecretName;
  readonly arn: string;
  readonly kind: SecretKind;
  /** The longest time between two rotations that was promised, days; undefined where nothing rotates it. */
  readonly rotationDays: number | undefined;
  /** `secrets-rotate-app`; undefined where no function rotates it. */
  readonly functionLabel: string | undefined;
  readonly state: Observed<SecretState>;
}

export interface SecretState {
  readonly createdAt: Date;
  /** The version with `AWSCURRENT`; undefined when the secret has no value. */
  readonly current: VersionFact | undefined;
  /** The version with `AWSPREVIOUS`. */
  readonly previous: VersionFact | undefined;
  /** The version with `AWSPENDING`, unless it is current already: then its rotation has ended. */
  readonly pending: PendingFact | undefined;
  /** When `AWSCURRENT` came to where it is; undefined when the secret has no value. */
  readonly labelMoved: LabelMove | undefined;
  readonly isRotationEnabled: boolean;
  readonly lastRotatedAt: Date | undefined;
  /** The next rotation begins on or before this, by the service's own schedule. */
  readonly nextRotationAt: Date | undefined;
  /** The day on which somebody last read it, UTC. */
  readonly lastAccessedOn: Date | undefined;
  /** When it is to be deleted. */
  readonly deletionAt: Date | undefined;
  /** Whether the value is still what the secret was created with, and so nobody has set it. */
  readonly isUnset: boolean;
  /** Of a key ring, as its rotation left them; undefined when it did not, or for another version. */
  readonly ring: RingDates | undefined;
}

export interface VersionFact {
  readonly versionId: string;
  readonly createdAt: Date;
}

export interface PendingFact {
  readonly versionId: string;
  /** Since then or earlier: for a version without a value no API tells more than when the secret last changed. */
  readonly since: Date;
}

/** No API says when a label moved, but what it cannot have been before and after. */
export interface LabelMove {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether it went back to an older version. Then only the secret's last change of any kind bounds it. */
  readonly isRollback: boolean;
}
