import {
  advance,
  newRing,
  type Circumstances,
  type DataKeyRing,
  type JwtKeyRing,
  type KeyRing,
  type KeyRingPolicy,
} from '../../../../core/secrets/key-ring';

/** An hour's publication, caches of five minutes, tokens of a day, backups of ten days. */
export const POLICY: KeyRingPolicy = {
  publishSeconds: 3_600,
  cacheSeconds: 300,
  maxTokenSeconds: 86_400,
  backupSeconds: 864_000,
};

export const START = Date.parse('2026-11-28T00:00:00.000Z');

/** That many seconds after the first ring was made. */
export function at(seconds: number): Date {
  return new Date(START + seconds * 1000);
}

export function jwtRing(algorithm: 'EdDSA' | 'ES256' = 'EdDSA'): JwtKeyRing {
  return newRing(algorithm, at(0), POLICY);
}

export function dataRing(): DataKeyRing {
  return newRing('A256GCM', at(0), POLICY);
}

/** The ring after a turn at that many seconds. */
export function turned<R extends KeyRing>(ring: R, seconds: number, circumstances: Circumstances = {}): R {
  return advance(ring, at(seconds), POLICY, circumstances).ring;
}

/** The ring's key ids by state, oldest first. */
export function kids(ring: KeyRing) {
  const of = (wanted: string) => ring.keys.filter(({ state }) => state === wanted).map(({ kid }) => kid);
  return { next: of('next'), current: of('current'), previous: of('previous') };
}

/** Every secret text in the ring: what nothing but the ring itself may hold. */
export function secretsOf(ring: KeyRing): string[] {
  return ring.keys.map(({ material }) => String(material.kty === 'oct' ? material.k : material.d));
}

/** What a promise was rejected with. */
export async function failureOf(work: () => unknown): Promise<Error & { code?: string }> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
