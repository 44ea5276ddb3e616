import { randomUUID } from 'node:crypto';
import {
  InvalidParameterException,
  InvalidRequestException,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/** One version of a secret: its value, which may be missing yet, and its labels. */
export interface MemoryVersion {
  value?: string | undefined;
  readonly stages: Set<string>;
}

type Input = Readonly<Record<string, unknown>>;

/**
 * Secrets Manager in memory, as its API reference describes it where a rotation depends on it: an empty pending version
 * from RotateSecret, versions that are never overwritten, labels that are on one version at a time, and AWSPREVIOUS
 * that follows AWSCURRENT. Hundreds of rotations take no time, and the emulator knows none of the four.
 */
export class MemorySecretsManager {
  readonly secrets = new Map<string, Map<string, MemoryVersion>>();
  readonly tags = new Map<string, { Key: string; Value: string }[]>();
  /** Answers of DescribeSecret leave it out when undefined. */
  rotationEnabled: boolean | undefined = true;

  readonly client = { send: (command: object) => this.#send(command) } as unknown as SecretsManagerClient;

  createSecret(value: unknown): string {
    const arn = `arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-${randomUUID()}`;
    this.secrets.set(
      arn,
      new Map([[randomUUID(), { value: JSON.stringify(value), stages: new Set(['AWSCURRENT']) }]]),
    );
    return arn;
  }

  /** As RotateSecret does before it calls the function. */
  beginRotation(arn: string): string {
    const token = randomUUID();
    this.#versions(arn).set(token, { stages: new Set() });
    this.#label(arn, 'AWSPENDING', token);
    return token;
  }

  /** As a person does with PutSecretValue. */
  putByHand(arn: string, value: unknown): void {
    this.#put({ SecretId: arn, ClientRequestToken: randomUUID(), SecretString: JSON.stringify(value) });
  }

  at(arn: string, stage: string): MemoryVersion | undefined {
    return [...this.#versions(arn).values()].find(({ stages }) => stages.has(stage));
  }

  /** @returns a copy of the labels, by version */
  stages(arn: string): Record<string, string[]> {
    return Object.fromEntries(
      [...this.#versions(arn)]
        .filter(([, { stages }]) => stages.size > 0)
        .map(([id, { stages }]) => [id, [...stages]]),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as the client does, it rejects and never throws
  async #send(command: object): Promise<unknown> {
    const { input } = command as { readonly input: Input };
    switch (command.constructor.name) {
      case 'DescribeSecretCommand':
        return {
          VersionIdsToStages: this.stages(input['SecretId'] as string),
          Tags: this.tags.get(input['SecretId'] as string) ?? [],
          ...(this.rotationEnabled !== undefined && { RotationEnabled: this.rotationEnabled }),
        };
      case 'GetSecretValueCommand':
        return this.#get(input);
      case 'PutSecretValueCommand':
        return this.#put(input);
      case 'UpdateSecretVersionStageCommand':
        return this.#move(input);
      case 'GetRandomPasswordCommand':
        return {
          RandomPassword: randomUUID()
            .repeat(4)
            .slice(0, input['PasswordLength'] as number),
        };
      default:
        throw new Error(`not modelled: ${command.constructor.name}`);
    }
  }

  #versions(arn: string): Map<string, MemoryVersion> {
    const versions = this.secrets.get(arn);
    if (versions) return versions;
    throw new ResourceNotFoundException({ message: 'no such secret', $metadata: {} });
  }

  #get({ SecretId: arn, VersionId: id, VersionStage: stage }: Input): unknown {
    const versions = this.#versions(arn as string);
    const found = [...versions].find(
      ([versionId, { stages }]) =>
        (id === undefined || versionId === id) && stages.has((stage as string | undefined) ?? 'AWSCURRENT'),
    );
    if (found?.[1].value !== undefined) return { VersionId: found[0], SecretString: found[1].value };
    throw new ResourceNotFoundException({ message: 'no such value', $metadata: {} });
  }

  #put({
    SecretId: arn,
    ClientRequestToken: id,
    SecretString: value,
    VersionStages: stages,
  }: Input): unknown {
    const versions = this.#versions(arn as string);
    const there = versions.get(id as string);
    if (there?.value !== undefined && there.value !== value) {
      throw new ResourceExistsException({ message: 'a version is never overwritten', $metadata: {} });
    }
    versions.set(id as string, { value: value as string, stages: there?.stages ?? new Set() });
    for (const stage of (stages as string[] | undefined) ?? ['AWSCURRENT']) {
      this.#label(arn as string, stage, id as string);
    }
    return { VersionId: id };
  }

  #move({
    SecretId: arn,
    VersionStage: stage,
    RemoveFromVersionId: from,
    MoveToVersionId: to,
  }: Input): unknown {
    const versions = this.#versions(arn as string);
    const holder = [...versions].find(([, { stages }]) => stages.has(stage as string))?.[0];
    if (to !== undefined && !versions.has(to as string)) {
      throw new ResourceNotFoundException({ message: 'no such version', $metadata: {} });
    }
    if (holder !== from) {
      throw new InvalidParameterException({
        message: `${String(stage)} is not on that version`,
        $metadata: {},
      });
    }
    if (to !== undefined) this.#label(arn as string, stage as string, to as string);
    else if (stage === 'AWSCURRENT') {
      throw new InvalidRequestException({ message: 'AWSCURRENT must be somewhere', $metadata: {} });
    } else versions.get(holder!)?.stages.delete(stage as string);
    return {};
  }

  #label(arn: string, stage: string, id: string): void {
    const versions = this.#versions(arn);
    const holder = [...versions].find(([, { stages }]) => stages.has(stage))?.[0];
    for (const { stages } of versions.values()) stages.delete(stage);
    versions.get(id)!.stages.add(stage);
    if (stage !== 'AWSCURRENT' || holder === undefined || holder === id) return;
    for (const { stages } of versions.values()) stages.delete('AWSPREVIOUS');
    versions.get(holder)!.stages.add('AWSPREVIOUS');
  }
}
