import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs';

/** One place where a task definition names a secret. */
export interface SecretUse {
  /** The ARN of the secret that was asked about. */
  readonly secretArn: string;
  readonly container: string;
  /**
   * `injected-at-start`: ECS puts the value into the container when it starts, and never again.
   * `fetched-at-run-time`: a variable carries the secret's ARN, and the container reads it by itself.
   */
  readonly how: 'injected-at-start' | 'fetched-at-run-time';
  /** Whether it names one version or another stage than `AWSCURRENT`, which a rotation does not change for it. */
  readonly isPinned: boolean;
}

/**
 * Finds where a task definition uses these secrets.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
 */
export function usesOf(definition: TaskDefinition, secretArns: readonly string[]): SecretUse[] {
  return (definition.containerDefinitions ?? []).flatMap((container) =>
    secretArns.flatMap((secretArn): SecretUse[] => [
      ...injected(container, secretArn).map((isPinned): SecretUse => ({
        secretArn,
        container: container.name ?? '',
        how: 'injected-at-start',
        isPinned,
      })),
      ...(isNamedByVariable(container, secretArn)
        ? [
            {
              secretArn,
              container: container.name ?? '',
              how: 'fetched-at-run-time' as const,
              isPinned: false,
            },
          ]
        : []),
    ]),
  );
}

/** For each value that is injected from the secret, whether it is pinned. Log drivers get theirs at the start, too. */
function injected({ secrets = [], logConfiguration }: ContainerDefinition, secretArn: string): boolean[] {
  return [...secrets, ...(logConfiguration?.secretOptions ?? [])].flatMap(({ valueFrom }) => {
    const reference = parseReference(valueFrom ?? '');
    return reference && isSameSecret(reference.arn, secretArn) ? [reference.isPinned] : [];
  });
}

function isNamedByVariable({ environment = [] }: ContainerDefinition, secretArn: string): boolean {
  return environment.some(
    ({ value = '' }) => value.includes(secretArn) || isSameSecret(value.trim(), secretArn),
  );
}

/** `arn:aws:secretsmanager:region:account:secret:name` and then, each of them optional, `:json-key:stage:version-id`. */
function parseReference(valueFrom: string): { arn: string; isPinned: boolean } | undefined {
  const parts = valueFrom.split(':');
  if (parts[2] !== 'secretsmanager' || parts.length < ARN_PARTS) return undefined;
  const [, stage = '', versionId = ''] = parts.slice(ARN_PARTS);
  return {
    arn: parts.slice(0, ARN_PARTS).join(':'),
    isPinned: versionId !== '' || (stage !== '' && stage !== 'AWSCURRENT'),
  };
}

const ARN_PARTS = 7;

/** The ARN's own end, a hyphen and six characters, which a partial ARN leaves out. */
const RANDOM_END = /-[A-Za-z0-9]{6}$/;

/** Whether an ARN, whole or partial, means the secret with this whole one. */
function isSameSecret(arn: string, wholeArn: string): boolean {
  return arn === wholeArn || arn === wholeArn.replace(RANDOM_END, '');
}
