import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { AmbiguousBackupError, BackupNotFoundError } from '../core/backup/catalogue';
import type { SmokeStatement } from '../core/backup/verify';
import { GoLiveError } from '../core/shared/errors';
import { audit, type AuditOptions } from './audit';
import { backupList, backupShow, type BackupListOptions } from './backup-list';
import { backupVerify, smokeStatement, type BackupVerifyOptions } from './backup-verify';
import { Console, type Streams } from './console';
import { EnvironmentNotFoundError, withEnvironment, type Environment } from './environment';
import { EXIT, NotConfirmedError, UsageError } from './errors';
import { restore, type RestoreOptions } from './restore';

interface GlobalOptions {
  readonly env: string;
  readonly json?: boolean;
  readonly caFile?: string;
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
  const program = commands(streams, stopped.signal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    return report(error, streams);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function commands(streams: Streams, signal: AbortSignal): Command {
  const now = () => new Date();
  const program = new Command('golive')
    .description('Back up, restore and watch an environment of GoLive.')
    .option('-e, --env <name>', 'the environment, such as prod', streams.env['GOLIVE_ENV'])
    .option('--json', 'results for machines, on stdout')
    .option('--ca-file <pem>', "the database's certificate authorities", streams.env['GOLIVE_CA_FILE'])
    .addHelpText(
      'after',
      `
Credentials and region are those that the AWS SDK finds (AWS_PROFILE, AWS_REGION, a role).
GOLIVE_ENV stands in for --env, GOLIVE_CA_FILE for --ca-file.

Exit codes: 0 done, 1 failed, 2 not understood, 3 not confirmed (nothing was done).

At night: golive restore --env prod    asks what it must know, and touches nothing before you say yes.`,
    )
    .showHelpAfterError('(golive --help, or golive <command> --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    });

  const inEnvironment = async (
    use: (environment: Environment, output: Console) => Promise<void>,
  ): Promise<void> => {
    const { env: name, json = false, caFile } = program.opts<Partial<GlobalOptions>>();
    if (name === undefined) throw new UsageError('say which environment: --env prod, or GOLIVE_ENV=prod');
    await withEnvironment({ name, caFile, env: streams.env }, (environment) =>
      use(environment, new Console(streams, json)),
    );
  };

  const backup = program.command('backup').description('what the vault holds');
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
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Run it inside the VPC, or through a tunnel, with pg_restore and pg_dump of the server's version on the PATH.

  golive restore -e prod                              asks for everything
  golive restore newest --to-new-database -y -e prod  beside, to look at or to copy from
  golive restore 20261123T02 --swap -y -e prod        in place; the old database is kept
  golive restore --undo -y -e prod                    and back again`,
    )
    .action((id: string | undefined, options: RestoreOptions) =>
      inEnvironment((environment, output) =>
        restore(environment, output, id, options, { path: streams.env['PATH'] ?? '', signal, now }),
      ),
    );
  program
    .command('audit')
    .description('who did what, when, and how it ended; oldest first')
    .option('--since <span or instant>', 'such as 7d, 12h or 2026-11-23', '7d')
    .option('--action <action>', 'such as backup.restore, or backup. for all of them')
    .action((options: AuditOptions) =>
      inEnvironment((environment, output) => audit(environment, output, options, now())),
    );
  return program;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1 to 999');
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
  const isMisunderstood = [
    UsageError,
    EnvironmentNotFoundError,
    BackupNotFoundError,
    AmbiguousBackupError,
  ].some((kind) => error instanceof kind);
  return isMisunderstood ? EXIT.usage : EXIT.failed;
}
