import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { lambdaContext } from '../shared/lambda-context';
import { RecordedVault } from './recorded-vault';

export const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:one-AbCdEf';
export const TOKEN = '00000000-0000-4000-8000-00000000beef';

interface Version {
  text: string | undefined;
  readonly stages: Set<string>;
}

/** One secret in the middle of a rotation, as Secrets Manager keeps it. */
export class RotatingSecret {
  readonly tags: Record<string, string> = {};
  private readonly versions = new Map<string, Version>();
  readonly mock = mockClient(SecretsManagerClient);
  readonly vault = new RecordedVault();

  /** @param pending what AWSPENDING holds; undefined: nothing yet */
  constructor(current: unknown, pending?: unknown) {
    this.versions.set('first', { text: JSON.stringify(current), stages: new Set(['AWSCURRENT']) });
    this.versions.set(TOKEN, {
      text: pending === undefined ? undefined : JSON.stringify(pending),
      stages: new Set(['AWSPENDING']),
    });
    this.mock.on(DescribeSecretCommand).callsFake(() => ({
      RotationEnabled: true,
      VersionIdsToStages: Object.fromEntries([...this.versions].map(([id, { stages }]) => [id, [...stages]])),
    }));
    this.mock
      .on(GetSecretValueCommand)
      .callsFake((input: Parameters<RotatingSecret['read']>[0]) => this.read(input));
    this.mock.on(GetRandomPasswordCommand).callsFake(({ PasswordLength }: { PasswordLength: number }) => ({
      RandomPassword: 'n'.repeat(PasswordLength),
    }));
    this.mock
      .on(PutSecretValueCommand)
      .callsFake(
        ({ ClientRequestToken, SecretString }: { ClientRequestToken: string; SecretString: string }) => {
          (this.versions.get(ClientRequestToken) as Version).text = SecretString;
          return {};
        },
      );
    this.mock.on(UpdateSecretVersionStageCommand).callsFake((input: { MoveToVersionId: string }) => {
      for (const { stages } of this.versions.values()) stages.delete('AWSCURRENT');
      this.versions.get(input.MoveToVersionId)?.stages.add('AWSCURRENT');
      return {};
    });
    this.mock.on(TagResourceCommand).callsFake(({ Tags }: { Tags: { Key: string; Value: string }[] }) => {
      for (const { Key, Value } of Tags) this.tags[Key] = Value;
      return {};
    });
  }

  valueOf(stage: string): unknown {
    return JSON.parse(this.read({ VersionStage: stage }).SecretString);
  }

  private read({ VersionId, VersionStage }: { VersionId?: string; VersionStage?: string }) {
    const found = [...this.versions].find(
      ([id, { stages }]) =>
        (VersionId === undefined || id === VersionId) &&
        (VersionStage === undefined || stages.has(VersionStage)),
    );
    if (found?.[1].text === undefined) {
      throw new ResourceNotFoundException({ message: `no ${VersionStage ?? VersionId}`, $metadata: {} });
    }
    return { SecretString: found[1].text };
  }
}

/** As Secrets Manager asks for a step. */
export const stepEvent = (Step: string, SecretId = SECRET_ARN) => ({
  Step,
  SecretId,
  ClientRequestToken: TOKEN,
});

/** Runs steps by a handler, one after the other, and gives what the last answered. */
export async function runSteps(
  handler: (event: unknown, context: ReturnType<typeof lambdaContext>) => Promise<unknown>,
  ...steps: string[]
): Promise<unknown> {
  let answer: unknown;
  for (const step of steps) answer = await handler(stepEvent(step), lambdaContext());
  return answer;
}

export const ALL_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
