import type { SecretKind, SecretName } from '../../../../core/secrets/catalogue';
import type { ServiceFact } from '../../../../core/secrets/pick-up';
import type { SecretFact, SecretsFacts, SecretState } from '../../../../core/secrets/status';

export const NOW = new Date('2026-11-28T12:00:00Z');

export const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);
export const minutesAgo = (minutes: number): Date => daysAgo(minutes / 1440);

export const arnOf = (name: string): string =>
  `arn:aws:secretsmanager:eu-west-1:123456789012:secret:golive/test/${name}-AbC123`;

/** A secret that was rotated ten days ago and is in order. */
export function secretState(more: Partial<SecretState> = {}): SecretState {
  const current = more.current ?? { versionId: 'v2', createdAt: daysAgo(10) };
  return {
    createdAt: daysAgo(100),
    current,
    previous: { versionId: 'v1', createdAt: daysAgo(40) },
    pending: undefined,
    labelMoved: { notBefore: current.createdAt, notAfter: current.createdAt, isRollback: false },
    isRotationEnabled: true,
    lastRotatedAt: current.createdAt,
    nextRotationAt: daysAgo(-20),
    lastAccessedOn: daysAgo(0.5),
    deletionAt: undefined,
    isUnset: false,
    ring: { versionId: 'v2', currentSince: daysAgo(10), nextSince: daysAgo(10) },
    ...more,
  };
}

export function secret(
  name: SecretName,
  state: SecretFact['state'] = secretState(),
  more: Partial<SecretFact> = {},
): SecretFact {
  return {
    name,
    arn: arnOf(name),
    kind: KINDS[name] ?? 'set-by-people',
    rotationDays: KINDS[name] && 30,
    functionLabel: KINDS[name] && `secrets-rotate-${name}`,
    state,
    ...more,
  };
}

const KINDS: Partial<Record<SecretName, SecretKind>> = {
  master: 'single-user',
  app: 'alternating-user',
  backup: 'alternating-user',
  jwt: 'key-ring',
  data: 'key-ring',
  cache: 'cache-user',
};

/** A service that gets the secret at its start and was deployed ten days less five minutes ago. */
export function service(name: string, more: Partial<ServiceFact> = {}): ServiceFact {
  const createdAt = new Date(daysAgo(10).getTime() + 300_000);
  return {
    clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/test',
    serviceArn: `arn:aws:ecs:eu-west-1:123456789012:service/test/${name}`,
    name,
    controller: 'ECS',
    isRunning: true,
    primaryCreatedAt: more.primaryCreatedAt ?? createdAt,
    oldestCreatedAt: more.primaryCreatedAt ?? createdAt,
    uses: [{ secretArn: arnOf('app'), container: 'web', how: 'injected-at-start', isPinned: false }],
    ...more,
  };
}

export function factsOf(
  secrets: readonly SecretFact[],
  services: SecretsFacts['services'] = [],
): SecretsFacts {
  return { environment: 'test', observedAt: NOW, secrets, services };
}
