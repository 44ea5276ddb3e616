import { Argument, InvalidArgumentError, type Command } from 'commander';
import { SecretName } from '../core/secrets/catalogue';
import type { Console, Streams } from './console';
import type { Environment } from './environment';
import { secretsList } from './secrets-list';
import { secretsRollback, type SecretsRollbackOptions } from './secrets-rollback';
import { secretsRotate, type SecretsRotateOptions } from './secrets-rotate';
import { secretsSet, type SecretsSetOptions } from './secrets-set';
import { secretsShow, type SecretsShowOptions } from './secrets-show';

/** Runs a command with the environment that the options name, here or in the operations task. */
export type InEnvironment = (
  use: (environment: Environment, output: Console) => Promise<void>,
  /** Why a command cannot run in the task. */
  notInTask?: string,
) => Promise<void>;

/** `golive secrets` and what is under it. */
export function addSecretsCommands(
  program: Command,
  inEnvironment: InEnvironment,
  {
    streams,
    signal,
    now,
  }: { readonly streams: Streams; readonly signal: AbortSignal; readonly now: () => Date },
): void {
  const secrets = program
    .command('secrets')
    .description('how old each secret is, rotate one now, and roll one back')
    .addHelpText(
      'after',
      `
Names: ${SecretName.options.join(', ')}.

  golive secrets list -e prod             age, next rotation, who uses it, and what is wrong
  golive secrets rotate app -e prod       now, and stays until it is done
  golive secrets rollback app -e prod     the previous version again, if it still works
  golive secrets set sentry-dsn -e prod   what a third party gave; asked for, and not shown

No command shows a value, but golive secrets show --reveal. Each that changes or reveals one leaves a record:
golive audit --action secret.`,
    );
  secrets
    .command('list')
    .description('age, last and next rotation, stage, and who uses it or has not picked it up yet')
    .addHelpText(
      'after',
      `
Reads no value. The exit code is 0 also when something is wrong, which the table says: the alarms watch the same.`,
    )
    .action(() => inEnvironment((environment, output) => secretsList(environment, output)));
  secrets
    .command('rotate')
    .addArgument(nameOf([...SecretName.options, 'all'], 'of the secret, or all'))
    .description('rotate it now, and stay until the new version is current')
    .option('--timeout-minutes <n>', 'how long to stay; Secrets Manager goes on after that', minutes)
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
It needs no way to the database: the rotation's function has one. One that is not complete is tried again and followed.
all: key rings, cache, backup, app, and the master last; one by one, and no further after the first that fails.
What people set (sentry-dsn, pagerduty, slack) is renewed at the third party, and then: golive secrets set.`,
    )
    .action((name: string, options: SecretsRotateOptions) =>
      inEnvironment((environment, output) => secretsRotate(environment, output, name, options, { signal })),
    );
  secrets
    .command('rollback')
    .addArgument(nameOf(SecretName.options, 'of the secret'))
    .description('make the previous version current again, after a check that it works')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
A database user logs in with the previous password first: add --in-task, or have a tunnel. One with a single password
(master, backup) has no way back once it is rotated. A key ring goes back only if no key that was used would be lost.
Not after a leak: it would bring back what leaked. Rotate instead.`,
    )
    .action((name: string, options: SecretsRollbackOptions) =>
      inEnvironment((environment, output) => secretsRollback(environment, output, name, options, signal)),
    );
  secrets
    .command('set')
    .addArgument(nameOf(['sentry-dsn', 'pagerduty', 'slack'], 'of the secret'))
    .description('set what a third party gave')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
The value is asked for and not shown, or read from a pipe; never from the command line, which others can read:

  golive secrets set sentry-dsn -e prod
  golive secrets set slack --yes -e prod < slack.json      {"workspaceId":"T0123ABCD","channelId":"C0123ABCD"}`,
    )
    .action((name: string, options: SecretsSetOptions) =>
      inEnvironment(
        (environment, output) => secretsSet(environment, output, name, options, streams.stdin),
        'a value that is given to a task would stay in its history: run golive secrets set here, it needs no way to the database',
      ),
    );
  secrets
    .command('show')
    .addArgument(nameOf(SecretName.options, 'of the secret'))
    .description('what is known of it: kind, dates, versions; not its value')
    .option('--keys', 'of a key ring: its keys by id, state and dates, without the keys themselves')
    .option('--reveal', 'print the value on the standard output; a record tells that you saw it')
    .option('-y, --yes', 'do not ask')
    .action((name: string, options: SecretsShowOptions) =>
      inEnvironment(
        (environment, output) => secretsShow(environment, output, name, options, now()),
        options.reveal
          ? "a task's words stay in a log for months: run golive secrets show --reveal here, it needs no way to the database"
          : undefined,
      ),
    );
}

/** The names are suggested, and not insisted on: an environment knows by itself which secrets it has. */
function nameOf(names: readonly string[], description: string): Argument {
  return new Argument('<name>', description).choices(names).argParser((text) => text);
}

function minutes(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number of minutes from 1 to 999');
}
