import Table from 'cli-table3';
import {
  findSecret,
  readStages,
  readVersion,
  summariseRing,
  type KeySummary,
  type SecretStages,
} from '../core/secrets/operate';
import { SecretUnavailableError } from '../core/secrets/operate';
import type { SecretOperations } from '../core/secrets/operations';
import { age } from '../core/shared/units';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';
import { UsageError } from './errors';

export interface SecretsShowOptions {
  /** Prints the value. */
  readonly reveal?: boolean;
  /** Reads a key ring, and shows its keys without what is secret of them. */
  readonly keys?: boolean;
  readonly yes?: boolean;
}

/**
 * `golive secrets show`: what is known of a secret, and with --reveal the value, which a record tells of.
 *
 * @throws NoSuchSecretError, NotConfirmedError, UsageError, SecretUnavailableError
 */
export async function secretsShow(
  environment: Environment,
  output: Console,
  name: string,
  options: SecretsShowOptions,
  now: Date,
): Promise<void> {
  const secret = findSecret((await environment.secrets()).secrets, name);
  if (options.reveal && options.keys) throw new UsageError('say one of --reveal and --keys');
  if (options.reveal) return await reveal(environment, output, secret, options);
  const stages = await readStages(environment.secretsManager, secret);
  const keys = options.keys ? await keysOf(environment, secret, stages) : undefined;
  output.result(
    [metadataOf(secret, stages, now), ...(keys ? [tableOf(keys)] : [])].join('\n'),
    asJson(secret, stages, keys),
  );
}

async function reveal(
  environment: Environment,
  output: Console,
  secret: SecretOperations,
  options: SecretsShowOptions,
): Promise<void> {
  output.say(
    `the value of ${secret.name} goes to the standard output, and a record says that you have seen it`,
  );
  await requireYes(output, options, `Reveal ${secret.name}?`);
  const { value, versionId } = await recorded(
    environment,
    output,
    'secret.reveal',
    secret.arn,
    async (note) => {
      note({ name: secret.name });
      const { current } = await readStages(environment.secretsManager, secret);
      const version = requireVersion(secret, current);
      note({ version });
      return {
        value: await readVersion(environment.secretsManager, secret, version),
        versionId: version,
      };
    },
  );
  output.result(value, { name: secret.name, versionId, value });
}

async function keysOf(
  { secretsManager }: Environment,
  secret: SecretOperations,
  { current }: SecretStages,
): Promise<KeySummary[]> {
  if (secret.kind !== 'key-ring') {
    throw new UsageError(`"${secret.name}" is no key ring, so it has no keys to show; leave --keys out`);
  }
  const keys = summariseRing(await readVersion(secretsManager, secret, requireVersion(secret, current)));
  if (keys) return keys;
  throw new SecretUnavailableError(
    `"${secret.name}" holds no keys yet; rotate it, which makes the first: golive secrets rotate ${secret.name}`,
  );
}

function requireVersion({ name }: SecretOperations, current: string | undefined): string {
  if (current !== undefined) return current;
  throw new SecretUnavailableError(`"${name}" has no current version; golive secrets list shows its state`);
}

function metadataOf(secret: SecretOperations, stages: SecretStages, now: Date): string {
  const at = (date: Date | undefined) =>
    date && `${date.toISOString()}, ${age(Math.max(0, now.getTime() - date.getTime()))}`;
  const rows: [string, string | undefined][] = [
    ['name', secret.name],
    ['kind', secret.kind],
    ['ARN', secret.arn],
    ['made', at(stages.createdAt)],
    ['changed', at(stages.changedAt)],
    ['rotated', at(stages.rotatedAt)],
    ['next rotation', stages.nextRotationAt && `by ${stages.nextRotationAt.toISOString()}`],
    ['function', stages.functionName ?? secret.functionLabel],
    ['current', stages.current],
    ['previous', stages.previous],
    ['pending', stages.pending],
    ['to be deleted', stages.deletedAt?.toISOString()],
  ];
  return rows
    .flatMap(([label, value]) => (value === undefined ? [] : `${label.padEnd(14)} ${value}`))
    .join('\n');
}

function tableOf(keys: readonly KeySummary[]): string {
  const table = new Table({
    head: ['key', 'state', 'made', 'current since', 'retired'],
    style: { head: [], border: [] },
  });
  for (const { kid, state, createdAt, activatedAt, retiredAt } of keys)
    table.push([kid, state, createdAt, activatedAt ?? '', retiredAt ?? '']);
  return table.toString();
}

function asJson(secret: SecretOperations, stages: SecretStages, keys: KeySummary[] | undefined) {
  const { current, previous, pending, createdAt, changedAt, rotatedAt, nextRotationAt } = stages;
  return {
    name: secret.name,
    kind: secret.kind,
    arn: secret.arn,
    createdAt,
    changedAt,
    rotatedAt,
    nextRotationAt,
    functionName: stages.functionName,
    versions: { current, previous, pending },
    ...(keys && { keys }),
  };
}
