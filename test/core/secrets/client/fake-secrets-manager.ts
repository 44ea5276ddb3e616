import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

interface Answer {
  readonly version: string;
  readonly text: string;
}

/** Secrets Manager as far as one secret is concerned; what it says, and whether it says it, can be changed. */
export class FakeSecretsManager {
  readonly reads: string[] = [];
  stages: Record<string, Answer | undefined>;
  failure: Error | undefined;
  /** While set, answers wait for it; they say what was true when they were asked. */
  gate: Promise<void> | undefined;
  createdAt = new Date(0);

  constructor(version: string, value: unknown) {
    this.stages = { AWSCURRENT: answer(version, value) };
  }

  put(version: string, value: unknown, stage = 'AWSCURRENT'): void {
    this.stages = { ...this.stages, [stage]: answer(version, value) };
  }

  readonly client = {
    send: async (command: unknown, options?: { abortSignal?: AbortSignal }) => {
      if (!(command instanceof GetSecretValueCommand)) throw new Error('an unexpected command');
      const stage = command.input.VersionStage ?? 'AWSCURRENT';
      this.reads.push(stage);
      const { failure, gate, createdAt } = this;
      const found = this.stages[stage];
      const aborted = new Promise<never>((_, reject) => {
        options?.abortSignal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
      if (gate) await Promise.race([gate, aborted]);
      if (failure) throw failure;
      if (!found) throw new ResourceNotFoundException({ message: `no ${stage}`, $metadata: {} });
      return { VersionId: found.version, SecretString: found.text, CreatedDate: createdAt };
    },
  } as unknown as Pick<SecretsManagerClient, 'send'>;
}

function answer(version: string, value: unknown): Answer {
  return { version, text: typeof value === 'string' ? value : JSON.stringify(value) };
}
