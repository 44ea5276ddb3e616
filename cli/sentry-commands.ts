import type { Command } from 'commander';
import type { Streams } from './console';
import type { InEnvironment } from './secrets-commands';
import { sentryApply, type SentryApplyOptions, sentryPlan } from './sentry';

const NOT_IN_TASK = 'run golive sentry here: the token is yours, and it needs no way to the database';

/** `golive sentry` and what is under it. */
export function addSentryCommands(
  program: Command,
  inEnvironment: InEnvironment,
  { streams, signal }: { readonly streams: Streams; readonly signal: AbortSignal },
): void {
  const sentry = program
    .command('sentry')
    .description('whom Sentry tells of what, what it watches and what it never stores, as code')
    .addHelpText(
      'after',
      `
What is to be stands in "sentryRules" of the environment's configuration and in its schedules; deploying its Alerting
stack brings it here. Ours is what is named golive/<environment>/…: nothing else is ever changed or deleted.

  export SENTRY_AUTH_TOKEN=…              of an internal integration, or a personal one; never on the command line
  golive sentry plan -e prod              what is to be made, changed and deleted, field by field; nothing is touched
  golive sentry apply -e prod             the same, after a yes; run it again and it goes on from where it came

Scopes of the token: org:read, project:read, project:write, alerts:read, alerts:write; and org:write where the
organisation's own settings are to be set.`,
    );
  sentry
    .command('plan')
    .description('compare Sentry with what is configured; touch nothing')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing to do, 6 something to do (also when somebody changed it by hand), 1 Sentry could not be read.`,
    )
    .action(() =>
      inEnvironment(
        (environment, output) => sentryPlan(environment, output, { env: streams.env, signal }),
        NOT_IN_TASK,
      ),
    );
  sentry
    .command('apply')
    .description('make Sentry what is configured')
    .option('-y, --yes', 'do not ask, also before something of ours is deleted')
    .addHelpText(
      'after',
      `
Each change stands for itself: one that fails stops no other, and the exit code is 1. Run it again to finish.`,
    )
    .action((options: SentryApplyOptions) =>
      inEnvironment(
        (environment, output) => sentryApply(environment, output, options, { env: streams.env, signal }),
        NOT_IN_TASK,
      ),
    );
}
