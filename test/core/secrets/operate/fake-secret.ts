import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidParameterException,
  PutSecretValueCommand,
  ResourceNotFoundException,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type DescribeSecretResponse,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import type { OperatedSecret } from '../../../../core/secrets/operate';

export const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:App-AbCdEf';

export function secretOf(change: Partial<OperatedSecret> = {}): OperatedSecret {
  return {
    name: 'app',
    arn: ARN,
    kind: 'alternating-user',
    functionLabel: 'secrets-rotate-app',
    ...change,
  };
}

interface Input {
  readonly VersionId: string;
  readonly VersionStage: string;
  readonly RemoveFromVersionId: string;
  readonly MoveToVersionId?: string;
  readonly SecretString: string;
  readonly ClientRequestToken: string;
}

/** One secret as Secrets Manager keeps it: versions, labels that lie on one version each, and their rules. */
export class FakeSecret {
  readonly mock = mockClient(SecretsManagerClient);
  readonly client = new SecretsManagerClient({ region: 'eu-central-1' });
  readonly labels = new Map<string, string>();
  readonly values = new Map<string, string>();
  /** Happens before the nth look at the labels, counted from 1. */
  readonly beforeLook = new Map<number, () => void>();
  more: Partial<DescribeSecretResponse> = {};
  looks = 0;

  constructor(labels: Readonly<Record<string, string>>, values: Readonly<Record<string, string>> = {}) {
    for (const [label, version] of Object.entries(labels)) this.labels.set(label, version);
    for (const [version, value] of Object.entries(values)) this.values.set(version, value);
    this.answer(DescribeSecretCommand, () => {
      this.looks += 1;
      this.beforeLook.get(this.looks)?.();
      return { ARN, VersionIdsToStages: this.stages(), ...this.more };
    });
    this.answer(GetSecretValueCommand, ({ VersionId }) => {
      const value = this.values.get(VersionId);
      if (value === undefined) throw new ResourceNotFoundException({ message: 'none', $metadata: {} });
      return { SecretString: value, VersionId };
    });
    this.answer(UpdateSecretVersionStageCommand, (input) => {
      const { VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to } = input;
      if (this.labels.get(label) !== from)
        throw new InvalidParameterException({ message: `${label} is elsewhere`, $metadata: {} });
      if (to === undefined) this.labels.delete(label);
      else this.move(label, to);
      return {};
    });
    this.answer(PutSecretValueCommand, ({ SecretString, ClientRequestToken }) => {
      this.values.set(ClientRequestToken, SecretString);
      this.move('AWSCURRENT', ClientRequestToken);
      return { VersionId: ClientRequestToken };
    });
    this.answer(RotateSecretCommand, ({ ClientRequestToken }) => {
      this.labels.set('AWSPENDING', ClientRequestToken);
      return { VersionId: ClientRequestToken };
    });
  }

  /** @param command the class of the command */
  answer(command: unknown, reply: (input: Input) => unknown): void {
    this.mock.on(command as never).callsFake((input: Input) => Promise.resolve().then(() => reply(input)));
  }

  /** Whenever AWSCURRENT moves, AWSPREVIOUS goes to where it was. */
  move(label: string, to: string): void {
    const from = this.labels.get(label);
    this.labels.set(label, to);
    if (label === 'AWSCURRENT' && from !== undefined) this.labels.set('AWSPREVIOUS', from);
  }

  /** As the last step of a rotation does. */
  finish(): void {
    this.move('AWSCURRENT', this.labels.get('AWSPENDING')!);
  }

  private stages(): Record<string, string[]> {
    const stages: Record<string, string[]> = {};
    for (const [label, version] of this.labels) (stages[version] ??= []).push(label);
    return stages;
  }
}
