import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AmbiguousBackupError, BackupNotFoundError } from '../core/backup/catalogue';
import { NotADumpError } from '../core/backup/drill';
import { SecretsNotFoundError } from '../core/secrets/read-secrets-operations';
import { NoSuchSecretError } from '../core/secrets/operate';
import { SentryRulesNotFoundError } from '../core/sentry';
import { ServicesNotFoundError } from '../core/services';
import type { SmokeStatement } from '../core/backup/verify';
import { AlertingNotFoundError, NoRouteError } from '../core/alerting';
import { GoLiveError } from '../core/shared/errors';
import { addAlarmsCommands } from './alarms-commands';
import { audit, type AuditOptions } from './audit';
import { backupCreate, type BackupCreateOptions } from './backup-create';
import { backupList, backupShow, type BackupListOptions } from './backup-list';
import { backupPrune, type BackupPruneOptions } from './backup-prune';
import { backupVerify, smokeStatement, type BackupVerifyOptions } from './backup-verify';
import { type CheckIn, checkInOf } from './check-in';
import { Console, type Streams } from './console';
import { EnvironmentNotFoundError } from '../core/backup/read-operations';
import { withEnvironment, type Environment } from './environment';
import { drill, type DrillOptions } from './drill';
import { DriftError, EXIT, NotAskedError, NotConfirmedError, UnhealthyError, UsageError } from './errors';
import { runInTask, TaskFailedError } from './in-task';
import { meterOf, type Meter } from './meter';
import { monitor, type MonitorOptions } from './monitor';
import { restore, type RestoreOptions } from './restore';
import { addSecretsCommands, type InEnvironment } from './secrets-commands';
import { addSentryCommands } from './sentry-commands';
import { addServicesCommands } from './services-commands';
import { addStatusCommand } from './status';
import { isAboutInstances, restoreInstanceCommand, type RestoreInstanceOptions } from './restore-instance';

interface GlobalOptions {
  readonly env: string;
  readonly json?: boolean;
  readonly caFile?: string;
  readonly inTask?: boolean;
  readonly checkIn?: string;
}

/**
 * The operator's command line.
 *
 * @returns the exit code, see {@link EXIT}
 */
export async function main(args: readonly string[], streams: Streams): Promise<number> {
  const stopped = new AbortController();
  const stop = () =>
    stopped.abort(new Error('stopped by Ctrl-C; nothing half made is left, and it can be run again'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const meter = meterOf(streams.env);
  const checkIn = checkInOf(streams, stopped.signal);
  const program = commands(args, streams, { signal: stopped.signal, meter, checkIn });
  try {
    const exitCode = await run(program, args, streams).finally(() => meter.flush());
    // Last, when all else that the command has to say is said.
    await checkIn.end(exitCode);
    return exitCode;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

async function run(program: Command, args: readonly string[], streams: Streams): Promise<number> {
  try {
    // It reads the commands as they are then, and is a module of its own kind, so it is loaded only for this.
    if (args[0] === 'complete') (await import('@bomb.sh/tab/commander')).default(program);
    await program.parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    return report(error, streams);
  }
}

/** What all commands of one run share. */
interface Shared {
  readonly signal: AbortSignal;
  readonly meter: Meter;
  readonly checkIn: CheckIn;
}

function commands(args: readonly string[], streams: Streams, { signal, meter, checkIn }: Shared): Command {
  const now = () => new Date();
  const program = new Command('golive')
    .description('Back up, restore and watch an environment of GoLive, and rotate its secrets.')
    .option('-e, --env <name>', 'the environment, such as prod', streams.env['GOLIVE_ENV'])
    .option('--json', 'results for machines, on stdout')
    .option('--in-task', 'run the command in the operations task, inside the VPC, and show what it says')
    .option('--ca-file <pem>', "the database's certificate authorities", streams.env['GOLIVE_CA_FILE'])
    // For schedules alone: a run that a person begins is none that a monitor waits for.
    .addOption(new Option('--check-in <monitor>', 'tell this cron monitor of Sentry of the run').hideHelp())
    .hook('preSubcommand', (all) => {
      const { checkIn: monitorSlug, inTask = false, env } = all.opts<Partial<GlobalOptions>>();
      if (monitorSlug === undefined) return;
      if (inTask) throw new UsageError('--check-in is for runs by a schedule: leave it out with --in-task');
      checkIn.begin(monitorSlug, env);
    })
    .addHelpText(
      'after',
      `
Credentials and region are those that the AWS SDK finds (AWS_PROFILE, AWS_REGION, a role).
GOLIVE_ENV stands in for --env, GOLIVE_CA_FILE for --ca-file.

Exit codes: 0 done, 1 failed, 2 not understood, 3 not confirmed (nothing was done);
            of golive status, golive monitor and golive services status: 4 warning, 5 critical;
            of golive status: 7 a part could not be asked;
            of golive sentry plan: 6 something to do.

Completion: golive complete zsh (or bash, fish, powershell) prints a script for your shell.

At night: golive status --env prod     says what is wrong, and where to read on.
          golive restore --env prod    asks what it must know, and touches nothing before you say yes.`,
    )
    .showHelpAfterError('(golive --help, or golive <command> --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    });

  const inEnvironment: InEnvironment = async (use, notInTask) => {
    const { env: name, json = false, caFile, inTask = false } = program.opts<Partial<GlobalOptions>>();
    if (name === undefined) throw new UsageError('say which environment: --env prod, or GOLIVE_ENV=prod');
    if (inTask && notInTask !== undefined) throw new UsageError(notInTask);
    const output = new Console(streams, json);
    await withEnvironment({ name, caFile, env: streams.env }, (environment) =>
      inTask ? remotely(args, environment, output, signal) : use(environment, output),
    );
  };

  addStatusCommand(program, inEnvironment, { now });
  const backup = program.command('backup').description('what the vault holds');
  backup
    .command('create')
    .description('dump the database into the vault, with its fingerprint')
    .option('--scheduled-for <instant>', 'the instant that it is for; the same instant is the same backup')
    .option(
      '--parallel',
      'with several connections, through the temporary folder: quicker for a large database',
    )
    .option(
      '--jobs <n>',
      'connections that dump at the same time; the machine’s cores unless said',
      wholeNumber,
    )
    .action((options: BackupCreateOptions) =>
      inEnvironment((environment, output) =>
        backupCreate(environment, output, options, {
          path: streams.env['PATH'] ?? '',
          signal,
          now,
          meter,
        }),
      ),
    );
  backup
    .command('list')
    .description('every way back, newest first: dumps, snapshots, and points in time')
    .option('--check', 'read every manifest and look at every archive, to find what is damaged')
    .action((options: BackupListOptions) =>
      inEnvironment((environment, output) => backupList(environment, output, options, now())),
    );
  backup
    .command('show')
    .argument('<id>', 'its id, the beginning of it, or newest')
    .description('all that is known of one backup')
    .action((id: string) =>
      inEnvironment((environment, output) => backupShow(environment, output, id, now())),
    );

  backup
    .command('verify')
    .argument('<id>', 'its id, the beginning of it, or newest')
    .description('prove a dump, rung by rung, and keep the record beside it')
    .option('--on-live-server', 'restore it into a throw-away database on the live server, and compare')
    .option('--smoke <name=sql>', 'a question that must give true; may be repeated', smoke, [])
    .option('--jobs <n>', 'connections that restore at the same time', wholeNumber)
    .addHelpText(
      'after',
      `
Rungs: bytes, readable, restores, structure, fingerprint, smoke. One that could not run is not-run, never passed.
Exit code 0 only when every rung that was asked for passed: bytes and readable, and with --on-live-server the others.`,
    )
    .action((id: string, options: BackupVerifyOptions) =>
      inEnvironment((environment, output) =>
        backupVerify(environment, output, id, options, { path: streams.env['PATH'] ?? '', signal, now }),
      ),
    );

  backup
    .command('prune')
    .description('remove the dumps that no rule of the retention policy keeps')
    .option('--dry-run', 'show the plan, and why each one stays or goes; nothing is touched')
    .option('-y, --yes', 'do not ask')
    .action((options: BackupPruneOptions) =>
      inEnvironment((environment, output) => backupPrune(environment, output, options, signal)),
    );

  program
    .command('monitor')
    .description('whether the backups are in order: seven checks, each with its figure and its limit')
    .option('--write', 'leave the report in the vault as status/health.json, as the monitor function does')
    .action((options: MonitorOptions) =>
      inEnvironment((environment, output) => monitor(environment, output, options)),
    );

  program
    .command('restore')
    .argument('[id]', 'its id, the beginning of it, or newest; asked for when it is missing')
    .description('restore a dump beside the live database, prove it, and put it in place')
    .option('--to-new-database', 'beside the live database, which is not touched')
    .option('--swap', 'in place of the live database, which is kept for --undo')
    .option('--undo [restore-id]', 'take a swap back, the last one unless named')
    .option('--list', 'what restores have left on the server')
    .option('--discard <restore-id>', 'drop what a restore left; there is no way back')
    .option(
      '--no-safety-backup',
      'do not dump the live database first: for one that cannot be dumped any more',
    )
    .option('--allow-unproven', 'take a backup that has no fingerprint')
    .option('--allow-other-environment', 'take a backup of another environment')
    .option('--jobs <n>', 'connections that restore at the same time', wholeNumber)
    .option(
      '--to-new-instance',
      'a snapshot or a point in time, beside the live instance, which is not touched',
    )
    .option('--swap-instance', 'in place of the live instance, which is kept for --undo-instance')
    .option('--point-in-time <instant>', 'a UTC instant such as 2026-11-23T01:55:00Z, or latest')
    .option('--undo-instance [restore-id]', 'take a swap of instances back, the last one unless named')
    .option('--list-instances', 'the instances that restores have left')
    .option('--discard-instance <restore-id>', 'delete the instances that a restore left')
    .option('--no-login', 'do not log in to the new instance: for a machine outside of the VPC; proves less')
    .option(
      '--smoke <name=sql>',
      'a question that the new instance must answer with true; may be repeated',
      smoke,
      [],
    )
    .option('--settings <file>', 'JSON of what the new instance is to have other than the live one')
    .option('--accept-difference <setting>', 'a setting that may differ; may be repeated', collected, [])
    .option('--allow-other-instance', "take another instance's snapshot or point in time")
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Add --in-task to run it beside the database, from wherever you are. Without it: inside the VPC, or through a tunnel,
with pg_restore and pg_dump of the server's version on the PATH.

  golive restore -e prod                              asks for everything
  golive restore newest --to-new-database -y -e prod  beside, to look at or to copy from
  golive restore 20261123T02 --swap -y -e prod        in place; the old database is kept
  golive restore --undo -y -e prod                    and back again

A snapshot, or any moment of the last days, goes into a new RDS instance: minutes to hours, by the AWS API alone.

  golive restore newest --to-new-instance -y -e prod                      the newest snapshot, beside
  golive restore --point-in-time latest --swap-instance -y -e prod        in place; the old instance is kept
  golive restore --undo-instance -y -e prod                               and back again`,
    )
    .action((id: string | undefined, options: RestoreOptions & RestoreInstanceOptions) =>
      inEnvironment((environment, output) =>
        isAboutInstances(options)
          ? restoreInstanceCommand(environment, output, id, options, { signal, now })
          : restore(environment, output, id, options, { path: streams.env['PATH'] ?? '', signal, now }),
      ),
    );
  program
    .command('drill')
    .description('restore the newest backup into something thrown away, prove it, and time it')
    .option('--backup <id>', 'a dump: its id or the beginning of it; the newest unless named')
    .option('--snapshot', 'restore the newest snapshot into a throw-away instance, too')
    .option('--dump-only', 'no snapshot (as when nothing is said)')
    .option('--smoke <name=sql>', 'a question that must give true; may be repeated', smoke, [])
    .option(
      '--objective-minutes <n>',
      'what a recovery may take; the configured time unless said',
      wholeNumber,
    )
    .option('--jobs <n>', 'connections that restore at the same time', wholeNumber)
    .option('--list', 'earlier drills, and how their time has changed')
    .addHelpText(
      'after',
      `
It needs PostgreSQL's server programs and disk beside the archive; --in-task has both.
Exit code 0 only when the drill passed.`,
    )
    .action((options: DrillOptions) =>
      inEnvironment((environment, output) =>
        drill(environment, output, options, { path: streams.env['PATH'] ?? '', signal, meter }),
      ),
    );

  addSecretsCommands(program, inEnvironment, { streams, signal, now });
  addServicesCommands(program, inEnvironment, { now });
  addAlarmsCommands(program, inEnvironment, { signal });
  addSentryCommands(program, inEnvironment, { streams, signal });

  program
    .command('audit')
    .description('who did what, when, and how it ended; oldest first')
    .option('--since <span or instant>', 'such as 7d, 12h or 2026-11-23', '7d')
    .option('--action <action>', 'such as backup.restore, or secret. for all that was done to secrets')
    .action((options: AuditOptions) =>
      inEnvironment((environment, output) => audit(environment, output, options, now())),
    );
  return program;
}

/** The same command, without the word that sent it there. */
async function remotely(
  args: readonly string[],
  { operations }: Environment,
  output: Console,
  signal: AbortSignal,
): Promise<void> {
  const sfn = new SFNClient({});
  const logs = new CloudWatchLogsClient({});
  try {
    await runInTask({
      operations,
      args: args.filter((word) => word !== '--in-task'),
      sfn,
      logs,
      signal,
      onStage: (stage) => output.progress(stage),
      onLine: (line) => output.pass(line),
    });
  } finally {
    sfn.destroy();
    logs.destroy();
  }
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1 to 999');
}

function collected(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function smoke(text: string, before: readonly SmokeStatement[]): readonly SmokeStatement[] {
  const statement = smokeStatement(text);
  if (!statement)
    throw new InvalidArgumentError('expected name=SQL, such as "orders=SELECT count(*) > 0 FROM orders"');
  return [...before, statement];
}

function report(error: unknown, { stderr, env }: Streams): number {
  // Help and version end that way, and have said what they had to say; so has a refused option.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const isPromptLeft = error instanceof Error && error.name === 'ExitPromptError';
  if (isPromptLeft) {
    stderr.write('\nnothing was done\n');
    return EXIT.notConfirmed;
  }
  stderr.write(stderr.isTTY ? '\r\x1b[K' : '');
  stderr.write(error instanceof GoLiveError ? `${error.code}: ${error.message}\n` : `${String(error)}\n`);
  if (!(error instanceof GoLiveError) && env['GOLIVE_DEBUG']) stderr.write(`${(error as Error).stack}\n`);
  if (error instanceof NotConfirmedError) return EXIT.notConfirmed;
  if (error instanceof UnhealthyError) return EXIT[error.status];
  if (error instanceof NotAskedError) return EXIT.notAsked;
  if (error instanceof DriftError) return EXIT.drift;
  if (error instanceof TaskFailedError) return error.exitCode ?? EXIT.failed;
  const isMisunderstood = [
    UsageError,
    EnvironmentNotFoundError,
    BackupNotFoundError,
    AmbiguousBackupError,
    NotADumpError,
    SecretsNotFoundError,
    ServicesNotFoundError,
    SentryRulesNotFoundError,
    AlertingNotFoundError,
    NoRouteError,
    NoSuchSecretError,
  ].some((kind) => error instanceof kind);
  return isMisunderstood ? EXIT.usage : EXIT.failed;
}
