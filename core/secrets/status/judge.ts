import { isUnreadable, type Observed, type SecretFact, type SecretsFacts, type SecretState } from './facts';
import type { SecretsLimits } from './limits';
import { pickUpsOf } from './picked-up';
import type { SecretsCheckStatus } from './report';
import { inWords } from './words';

/** What is not in order with one secret. */
export interface Finding {
  readonly status: Exclude<SecretsCheckStatus, 'ok'>;
  readonly text: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** By the value's age against what was promised, and by the service's own next date, whichever is worse. */
export function judgeRotation(
  { name, rotationDays }: SecretFact,
  { current, createdAt, deletionAt, isRotationEnabled, nextRotationAt }: SecretState,
  limits: SecretsLimits,
  now: Date,
): Finding | undefined {
  if (deletionAt) {
    return { status: 'critical', text: `${name} is to be deleted on ${deletionAt.toISOString()}` };
  }
  const isPromised = rotationDays !== undefined;
  if (isPromised && !isRotationEnabled) {
    return { status: 'critical', text: `${name}: its rotation is switched off` };
  }
  const age = now.getTime() - (current?.createdAt ?? createdAt).getTime();
  const late = Math.max(
    isPromised ? age - rotationDays * DAY_MS : 0,
    isRotationEnabled && nextRotationAt ? now.getTime() - nextRotationAt.getTime() : 0,
  );
  const status = graded(late, limits.overdueWarningDays * DAY_MS, limits.overdueCriticalDays * DAY_MS);
  const what = current ? `is ${inWords(age)} old` : 'has no value yet';
  return status && { status, text: `${name} ${what}, its rotation is ${inWords(late)} late` };
}

/** A pending version that is not current also keeps the next rotation from beginning. */
export function judgePending(
  { name }: SecretFact,
  { pending }: SecretState,
  limits: SecretsLimits,
  now: Date,
): Finding | undefined {
  if (!pending) return undefined;
  const age = now.getTime() - pending.since.getTime();
  const status = graded(age, limits.pendingWarningHours * HOUR_MS, limits.pendingCriticalHours * HOUR_MS);
  return status && { status, text: `${name} has version ${pending.versionId} pending for ${inWords(age)}` };
}

/** Each rotation makes next current. One that is next for longer than an interval was passed over by a rotation. */
export function judgeKeyRing(
  { name, rotationDays }: SecretFact,
  { current, ring }: SecretState,
  limits: SecretsLimits,
  now: Date,
): Finding | undefined {
  // No ring yet, or nothing rotates it: the other checks tell of it.
  if (!current || rotationDays === undefined) return undefined;
  if (!ring) {
    return { status: 'not-run', text: `not run: ${name} has no dates of its keys for its present version` };
  }
  if (!ring.nextSince) return { status: 'warning', text: `${name} has no next key` };
  const age = now.getTime() - ring.nextSince.getTime();
  const late = age - rotationDays * DAY_MS;
  const status = graded(late, limits.nextKeyWarningDays * DAY_MS, limits.nextKeyCriticalDays * DAY_MS);
  return status && { status, text: `the next key of ${name} has been next for ${inWords(age)}` };
}

export function judgePickUp(
  secret: SecretFact,
  services: SecretsFacts['services'],
  limits: SecretsLimits,
  now: Date,
): Finding | undefined {
  if (isUnreadable(services)) return { status: 'not-run', text: `not run: ${services.unreadable}` };
  const late = pickUpsOf(secret, services).filter(({ pickedUp }) => pickedUp !== 'yes');
  if (late.length === 0) return undefined;
  const age = now.getTime() - movedAt(secret.state).getTime();
  const status = graded(
    age,
    limits.pickUpWarningMinutes * MINUTE_MS,
    limits.pickUpCriticalMinutes * MINUTE_MS,
  );
  if (!status) return undefined;
  const isSure = late.some(({ pickedUp }) => pickedUp === 'no');
  const names = late.map(({ service }) => service.name).join(', ');
  return {
    status: isSure ? status : 'warning',
    text: `${secret.name} changed ${inWords(age)} ago, and ${names} ${isSure ? '' : 'perhaps '}still runs with the value before`,
  };
}

function movedAt(state: Observed<SecretState>): Date {
  return (isUnreadable(state) ? undefined : state.labelMoved?.notAfter) ?? new Date(0);
}

/** The integration is off until somebody sets it, so it is never worse than a warning. */
export function judgeUnset({ name }: SecretFact, { isUnset, deletionAt }: SecretState): Finding | undefined {
  if (deletionAt) {
    return { status: 'warning', text: `${name} is to be deleted on ${deletionAt.toISOString()}` };
  }
  return isUnset ? { status: 'warning', text: `${name} has never been set` } : undefined;
}

function graded(value: number, warning: number, critical: number): 'warning' | 'critical' | undefined {
  return value > critical ? 'critical' : value > warning ? 'warning' : undefined;
}
