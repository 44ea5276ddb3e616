import { isDeepStrictEqual } from 'node:util';
import { saidBy } from '../../shared/errors';
import type { RotationStrategy, SecretVersions } from '../rotation/strategy';
import { advance, newRing, prunable } from './advance';
import { everyKeyNeeded, type KeyCensus } from './census';
import { KeyRingLostError, KeyRingUnfitError } from './errors';
import { refuseUnsafePolicy, type KeyRingPolicy } from './policy';
import { proveRing } from './prove-ring';
import { currentKey, KeyRingSecret, keyOf, nextKey, type EmptyKeyRing, type KeyRing } from './ring';

/** What a rotation says, for the function's log. */
export interface KeyRingLog {
  info(message: string, fields: object): void;
  warn(message: string, fields: object): void;
}

export interface KeyRingStrategyOptions {
  readonly algorithm: KeyRing['algorithm'];
  readonly policy: KeyRingPolicy;
  /**
   * Of data rings: which of these keys ciphertexts still name. What it throws means that all are needed: a database that
   * is away must not stop a rotation.
   * @default every key is needed
   */
  readonly census?: (kids: readonly string[]) => Promise<KeyCensus>;
  /** When `AWSCURRENT` last moved: `LastRotatedDate` of the secret. @default the dates in the ring */
  readonly publishedAt?: () => Promise<Date | undefined>;
  readonly log?: KeyRingLog;
  /** @default the clock */
  readonly now?: () => Date;
}

/**
 * Rotates a key ring: each run is one turn of it. Nothing outside of the secret holds its keys, so there is nothing to
 * set; the test proves that nobody loses anything by the pending ring.
 *
 * @throws KeyRingPolicyError
 */
export function keyRingStrategy(options: KeyRingStrategyOptions): RotationStrategy<KeyRingSecret> {
  refuseUnsafePolicy(options.policy);
  return {
    schema: KeyRingSecret,
    create: (versions) => turn(versions, options),
    set: () => Promise.resolve(),
    test: (versions) => prove(versions, options),
  };
}

async function turn(
  { current, previous }: Omit<SecretVersions<KeyRingSecret>, 'pending'>,
  options: KeyRingStrategyOptions,
): Promise<KeyRingSecret> {
  const { algorithm, policy, log, now = () => new Date() } = options;
  refuseOtherKind(current, algorithm);
  if (isEmpty(current)) {
    if (previous && !isEmpty(previous)) {
      throw new KeyRingLostError(
        'the secret holds no keys, but its previous version holds a key ring: something has overwritten it, and new keys would make all tokens and ciphertexts useless; roll the secret back to the previous version, then rotate',
      );
    }
    const first = newRing(algorithm, now(), policy);
    log?.info('made the first key ring', { current: currentKey(first).kid, next: nextKey(first)?.kid });
    // What somebody put beside the placeholder stays.
    return { ...current, ...first };
  }
  const previousKids = current.keys.filter(({ state }) => state === 'previous').map(({ kid }) => kid);
  const census = current.purpose === 'data' ? await takeCensus(previousKids, options) : undefined;
  const { ring, ...result } = advance(current, now(), policy, {
    publishedAt: await options.publishedAt?.(),
    ...(census && { unneeded: census.unneeded }),
  });
  log?.info(result.reason, {
    promoted: result.promoted,
    nextUsableAt: result.nextUsableAt.toISOString(),
    pruned: result.pruned,
    ...(census && { stillNeeded: census.needed }),
  });
  return ring;
}

async function takeCensus(kids: readonly string[], options: KeyRingStrategyOptions): Promise<KeyCensus> {
  const { census, log } = options;
  if (kids.length === 0) return { needed: [], unneeded: [] };
  if (!census) return everyKeyNeeded(kids, 'nobody can look at the ciphertexts');
  return await census(kids).catch((error: unknown) => {
    const reason = `the census failed: ${saidBy(error)}`;
    log?.warn('kept all previous data keys', { reason });
    return everyKeyNeeded(kids, reason);
  });
}

/** Everything that the pending ring must do, for those who use the current one, the pending one, or both in turn. */
async function prove(
  { current, pending }: SecretVersions<KeyRingSecret>,
  options: KeyRingStrategyOptions,
): Promise<void> {
  const { algorithm, policy, now = () => new Date() } = options;
  refuseOtherKind(current, algorithm);
  refuseOtherKind(pending, algorithm);
  if (isEmpty(pending)) throw unfit('it holds no keys');
  await proveRing(pending, now());
  if (isEmpty(current)) return;
  for (const key of pending.keys) {
    const known = keyOf(current, key.kid);
    if (known && !isDeepStrictEqual({ ...known.material }, { ...key.material })) {
      throw unfit(`key ${key.kid} is another key than in the current ring`);
    }
    if (!known && key.state !== 'next') throw unfit(`${key.state} key ${key.kid} has never been published`);
  }
  if (keyOf(current, currentKey(pending).kid)?.state === 'previous') {
    throw unfit(`its current key ${currentKey(pending).kid} was retired before`);
  }
  const dropped = current.keys.filter(({ kid }) => !keyOf(pending, kid));
  const early = dropped.find((key) => !prunable(current, key, now(), policy));
  if (early) throw unfit(`key ${early.kid} is not in it, though what it made may still be in use`);
  if (current.purpose === 'jwt') return;
  const { needed } = await takeCensus(
    dropped.map(({ kid }) => kid),
    options,
  );
  if (needed[0]) throw unfit(`key ${needed[0].kid} is not in it, though ${needed[0].reason}`);
}

function isEmpty(secret: KeyRingSecret): secret is EmptyKeyRing {
  return secret.ringVersion === 0;
}

function refuseOtherKind(secret: KeyRingSecret, algorithm: KeyRing['algorithm']): void {
  if (secret.algorithm === algorithm) return;
  throw new KeyRingUnfitError(
    `the secret is for ${secret.algorithm}, but this function makes ${algorithm} keys; give the function the secret that is its own, or make a new secret for another algorithm`,
  );
}

function unfit(why: string): KeyRingUnfitError {
  return new KeyRingUnfitError(
    `the pending key ring is not fit for use: ${why}; the current ring stays in use: cancel the rotation, and rotate again`,
  );
}
