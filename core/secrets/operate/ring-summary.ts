import { jsonOrUndefined } from '../../shared/json';
import { KeyRing } from '../key-ring/ring';

/** A key without the key: its id stands in every token and ciphertext, and is no secret. */
export interface KeySummary {
  readonly kid: string;
  readonly state: 'next' | 'current' | 'previous';
  readonly createdAt: string;
  readonly activatedAt?: string | undefined;
  readonly retiredAt?: string | undefined;
}

/** The keys of a ring by name, state and dates; undefined when the value is no ring, or is one that is still empty. */
export function summariseRing(value: string): KeySummary[] | undefined {
  const ring = KeyRing.safeParse(jsonOrUndefined(value));
  return ring.data?.keys.map(({ kid, state, createdAt, activatedAt, retiredAt }) => ({
    kid,
    state,
    createdAt,
    activatedAt,
    retiredAt,
  }));
}
