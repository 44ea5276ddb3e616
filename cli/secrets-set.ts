import { password } from '@inquirer/prompts';
import { checkedThirdPartyValue, findSecret, setSecretValue, thirdPartyValue } from '../core/secrets/operate';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';
import { UsageError } from './errors';

export interface SecretsSetOptions {
  readonly yes?: boolean;
}

/** Secrets Manager takes no more. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_BYTES = 65_536;

/**
 * `golive secrets set`: what a third party gave, from a prompt that shows nothing or from a pipe. Never from the
 * command line, which every user of the machine can read, and a shell remembers.
 *
 * @throws NoSuchSecretError, SecretValueRefusedError, NotConfirmedError, SecretUnavailableError
 */
export async function secretsSet(
  environment: Environment,
  output: Console,
  name: string,
  options: SecretsSetOptions,
  stdin: NodeJS.ReadStream,
): Promise<void> {
  const secret = findSecret((await environment.secrets()).secrets, name);
  const { what, whereToFind } = thirdPartyValue(secret);
  output.say(`${secret.name} holds ${what}\nfound at ${whereToFind}`);
  const given = output.isInteractive
    ? await password({ message: `The new value of ${secret.name} (it is not shown):` })
    : await readAll(stdin);
  checkedThirdPartyValue(secret, given);
  await requireYes(output, options, `Make it the current value of ${secret.name}?`);
  output.progress('setting it');
  const versionId = await recorded(environment, output, 'secret.set', secret.arn, async (note) => {
    note({ name: secret.name });
    const made = await setSecretValue(environment.secretsManager, secret, given);
    note({ to: made });
    return made;
  });
  output.result(
    `${secret.name}: version ${versionId} is current; revoke the old value there when golive secrets list shows that nobody uses it`,
    { name: secret.name, to: versionId },
  );
}

async function readAll(stdin: NodeJS.ReadStream): Promise<string> {
  if (stdin.isTTY) {
    throw new UsageError(
      'the value is asked for on a terminal, without --json; or pipe it: golive secrets set <name> --yes < file',
    );
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const read = Buffer.from(chunk);
    bytes += read.length;
    if (bytes > MAX_BYTES)
      throw new UsageError(
        `the value is longer than ${MAX_BYTES} bytes, so it is none; see what is piped in`,
      );
    chunks.push(read);
  }
  if (bytes === 0)
    throw new UsageError('nothing was piped in; run it on a terminal to be asked, or pipe the value in');
  return Buffer.concat(chunks).toString('utf8');
}
