import {
  ECSClient,
  InvalidParameterException,
  type DescribeServicesCommandOutput,
  type ListServicesCommandOutput,
} from '@aws-sdk/client-ecs';
import {
  GetSecretValueCommand,
  SecretsManagerClient,
  type ListSecretVersionIdsCommandOutput,
} from '@aws-sdk/client-secrets-manager';
import type { EmulatedAws } from '../../../local/emulator';

/** What DescribeServices takes at once. moto takes any number. */
const SERVICES_AT_ONCE = 10;

type Input = Readonly<Record<string, unknown>>;
type Answer<Output = unknown> = { readonly output: Output };
type Send = (args: { input: Input }) => Promise<Answer>;

/** Changes what the commands of that name do. */
function replace(
  client: { middlewareStack: SecretsManagerClient['middlewareStack'] | ECSClient['middlewareStack'] },
  command: string,
  by: (send: Send, input: Input) => Promise<Answer>,
): void {
  const stack = client.middlewareStack as SecretsManagerClient['middlewareStack'];
  stack.add(
    (next, context) => (args) =>
      (context.commandName === command
        ? by((changed) => next({ ...args, ...changed }), args.input as Input)
        : next(args)) as ReturnType<typeof next>,
    { step: 'initialize' },
  );
}

/**
 * ECS of the emulator with the pages and limits that ECS documents, on which time has passed: every deployment that
 * was there when this was called is this much older.
 */
export function ecsAsDocumented(
  aws: EmulatedAws,
  ageMs: number,
): { ecs: ECSClient; updates: string[]; describes: number[]; lists: number } {
  const ecs = new ECSClient({ ...aws });
  const seen = { ecs, updates: [] as string[], describes: [] as number[], lists: 0 };
  const began = new Date();
  replace(ecs, 'ListServicesCommand', async (send, input) => {
    seen.lists += 1;
    const answer = (await send({ input })) as Answer<ListServicesCommandOutput>;
    return { ...answer, output: page(answer.output, 'serviceArns', input, 'nextToken', 'maxResults', 10) };
  });
  replace(ecs, 'DescribeServicesCommand', async (send, input) => {
    const { length } = input['services'] as string[];
    if (length > SERVICES_AT_ONCE) {
      throw new InvalidParameterException({ message: 'Members cannot have more than 10', $metadata: {} });
    }
    seen.describes.push(length);
    const answer = (await send({ input })) as Answer<DescribeServicesCommandOutput>;
    for (const { deployments } of answer.output.services ?? []) {
      for (const deployment of deployments ?? []) {
        const createdAt = deployment.createdAt!;
        if (createdAt < began) deployment.createdAt = new Date(createdAt.getTime() - ageMs);
      }
    }
    return answer;
  });
  replace(ecs, 'UpdateServiceCommand', async (send, input) => {
    seen.updates.push(String(input['service']).split('/').at(-1)!);
    return send({ input });
  });
  return seen;
}

/** Secrets Manager of the emulator with pages, and with the true dates of versions: moto dates each one now. */
export function secretsAsDocumented(aws: EmulatedAws): { client: SecretsManagerClient; lists: number } {
  const client = new SecretsManagerClient({ ...aws });
  const values = new SecretsManagerClient({ ...aws });
  const seen = { client, lists: 0 };
  replace(client, 'ListSecretVersionIdsCommand', async (send, input) => {
    seen.lists += 1;
    const answer = (await send({ input })) as Answer<ListSecretVersionIdsCommandOutput>;
    const output = page(answer.output, 'Versions', input, 'NextToken', 'MaxResults', 100);
    for (const version of output.Versions ?? []) {
      const { CreatedDate } = await values.send(
        new GetSecretValueCommand({ SecretId: String(input['SecretId']), VersionId: version.VersionId }),
      );
      version.CreatedDate = CreatedDate;
    }
    return { ...answer, output };
  });
  return seen;
}

/** Lets the next calls of that command fail as the service would, before the SDK's retries see the answer. */
export function failNext(
  client: { middlewareStack: SecretsManagerClient['middlewareStack'] | ECSClient['middlewareStack'] },
  command: string,
  { name, times }: { name: string; times: number },
): void {
  let left = times;
  const stack = client.middlewareStack as SecretsManagerClient['middlewareStack'];
  stack.add(
    (next, context) => (args) => {
      if (context.commandName !== command || left-- <= 0) return next(args);
      throw Object.assign(new Error(`${name} at ${command}`), {
        name,
        $fault: 'client',
        $metadata: { httpStatusCode: 400 },
      });
    },
    { step: 'deserialize' },
  );
}

/** The part of the list that the service might send: at most as much as asked for, and it may be less. */
function page<Output extends object>(
  output: Output,
  list: keyof Output,
  input: Input,
  token: string,
  size: string,
  atMost: number,
): Output {
  const from = Number(input[token] ?? 0);
  const all = (output[list] as unknown[] | undefined) ?? [];
  const to = from + Math.min(Number(input[size] ?? atMost), atMost);
  return { ...output, [list]: all.slice(from, to), [token]: to < all.length ? String(to) : undefined };
}
