import type { Command } from 'commander';
import {
  environmentStatus,
  isOld,
  type AlarmsNow,
  type EnvironmentStatus,
  type Part,
} from '../core/alerting/status';
import type { AlarmNow } from '../core/alerting/describe-alarms';
import { readHealth, type HealthReport } from '../core/backup/health';
import { evaluateSecrets, observeSecrets, type SecretsReport } from '../core/secrets/status';
import { inWords } from '../core/secrets/status/words';
import { servicesDeployed, type ServicesReport } from '../core/services';
import { counted } from '../core/shared/units';
import type { Console } from './console';
import type { Environment } from './environment';
import { NotAskedError, UnhealthyError } from './errors';
import type { InEnvironment } from './secrets-commands';

/** `golive status` */
export function addStatusCommand(
  program: Command,
  inEnvironment: InEnvironment,
  { now }: { readonly now: () => Date },
): void {
  program
    .command('status')
    .description('is it all right? alarms, backups, rotations and services, as the overview dashboard says')
    .addHelpText(
      'after',
      `
What to type first at night. It only looks, and changes nothing:

  golive status -e prod           alarms that sound, the critical ones first, each with its section of the runbook
  golive status -e prod --json    the same for machines

Backups are what the monitor found within the hour; golive monitor asks anew. Each part is asked by itself, and one that
does not answer is named: nobody knows then whether it is well.

Exit code 0 all right; 5 something is critical; 7 nothing is, and a part could not be asked; 4 a warning.`,
    )
    .action(() =>
      inEnvironment(
        (environment, output) => status(environment, output, now),
        'run golive status here: it needs no way to the database',
      ),
    );
}

/**
 * Whether the environment is all right.
 *
 * @throws UnhealthyError for a warning or worse; NotAskedError when a part did not answer and nothing else is critical
 */
export async function status(
  environment: Pick<
    Environment,
    'operations' | 's3' | 'secrets' | 'services' | 'ecs' | 'secretsManager' | 'alarmsIn' | 'region'
  >,
  output: Console,
  now: () => Date,
): Promise<void> {
  const { operations, s3, ecs } = environment;
  output.progress('asking CloudWatch, the vault, Secrets Manager and ECS');
  const home = await environment.region();
  const found = await environmentStatus({
    environment: operations.environment,
    regions: [home, ...(operations.offsite ? [operations.offsite.region] : [])],
    alarmsIn: (region) => environment.alarmsIn(region),
    backups: () => readHealth(s3, operations.vaultBucket),
    rotations: async () => {
      const secrets = await environment.secrets();
      const facts = await observeSecrets(environment, secrets);
      return evaluateSecrets(facts, secrets.limits, facts.observedAt);
    },
    services: async () => servicesDeployed(ecs, await environment.services(), now),
    now,
  });
  output.result(forPeople(found, output), found);
  if (found.status === 'ok') return;
  const message = `${found.environment} is not all right`;
  if (found.status === 'unknown')
    throw new NotAskedError(`not every part of ${found.environment} could be asked`);
  throw new UnhealthyError(found.status, message);
}

function forPeople(found: EnvironmentStatus, { colours }: Console): string {
  const colour = {
    ok: colours.green,
    warning: colours.yellow,
    critical: colours.red,
    unknown: colours.yellow,
  };
  const now = new Date(found.observedAt);
  const lines = <T>(name: string, part: Part<T>, say: (value: T) => readonly string[]): string[] => [
    `${name.padEnd(24)} ${colour[part.status](part.status)}`,
    ...('found' in part ? say(part.found) : [`could not be asked: ${part.unreachable}`]).map(
      (line) => `  ${line}`,
    ),
  ];
  return [
    ...Object.entries(found.alarms).flatMap(([region, part]) =>
      lines(`alarms, ${region}`, part, (alarms) => alarmLines(alarms, now)),
    ),
    ...lines('backups', found.backups, (report) => backupLines(report, now)),
    ...lines('rotations', found.rotations, checkLines),
    ...lines('services', found.services, serviceLines),
    '',
    found.status === 'ok'
      ? colours.green(`${found.environment} is all right`)
      : `${found.environment}: ${colour[found.status](found.status)}`,
  ].join('\n');
}

function alarmLines({ sounding, suppressed, withoutFigures, tests, total }: AlarmsNow, now: Date): string[] {
  return [
    ...sounding.flatMap((alarm) => [
      `${alarm.severity}: ${alarm.name}, for ${age(alarm.since, now)}`,
      `  ${alarm.description}`,
      `  look:  docs/runbook.md#${alarm.anchor}`,
    ]),
    ...suppressed.map((alarm) => `kept quiet, such as by a deployment: ${named(alarm, now)}`),
    ...tests.map((alarm) => `a test of the path, no problem: ${named(alarm, now)}`),
    ...withoutFigures.map((alarm) => `no figures: ${named(alarm, now)}`),
    `${counted(sounding.length, 'alarm')} of ${total} sound`,
  ];
}

function named({ name, since }: AlarmNow, now: Date): string {
  return `${name}, for ${age(since, now)}`;
}

function age(since: string, now: Date): string {
  return inWords(now.getTime() - Date.parse(since));
}

/** Always said, also when all is well: how old the newest are, and what the last drill took. */
const ALWAYS = ['dump-freshness', 'snapshot-freshness', 'restore-drill'];

function backupLines(report: HealthReport, now: Date): string[] {
  return [
    `as the monitor found ${age(report.observedAt, now)} ago${isOld(report, now) ? ', which is too long ago: golive monitor asks now' : ''}`,
    ...report.checks
      .filter(({ name, status: is }) => is !== 'ok' || ALWAYS.includes(name))
      .map(({ name, status: is, figure, runbook }) =>
        is === 'ok' ? `${name}: ${figure}` : `${is}: ${name}: ${figure}; look: ${runbook}`,
      ),
  ];
}

function checkLines({ checks }: SecretsReport): string[] {
  return checks.map(({ name, status: is, figure, detail, runbook }) =>
    is === 'ok' ? `${name}: ${figure}` : `${is}: ${name}: ${detail}; look: ${runbook}`,
  );
}

function serviceLines({ services }: ServicesReport): string[] {
  return services.flatMap(({ name, status: is, tasks, findings }) => [
    `${name}: ${is}${tasks ? `, ${tasks.running} of ${tasks.desired} tasks` : ''}`,
    ...findings.map(({ detail }) => `  ${detail}; look: docs/runbook.md#a-deployment-did-not-arrive`),
  ]);
}
