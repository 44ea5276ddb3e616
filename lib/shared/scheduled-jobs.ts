import type { Duration } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { z } from 'zod';
import type { ScheduledJob } from '../../core/sentry/operations';
import { type Rotation, rotationExpression } from '../config/rotation';
import type { Schedule } from '../config/schedule';

type Job = z.output<typeof ScheduledJob>;

/** How late EventBridge may be, and how long a cold start may take, minutes. */
const MARGIN_MINUTES = 10;
/** Four steps, each of which Secrets Manager may ask for again, minutes. */
const LONGEST_ROTATION_MINUTES = 60;

/** By the construct that runs it. */
const remembered = new WeakMap<IConstruct, Job>();

/**
 * Whoever makes a schedule says so here. It is the one list of what runs by a schedule: whoever watches from outside
 * asks it, and a job that is added is in it.
 *
 * @param label `backup-dump`: its name in logs, alarms and the runbook
 */
export function rememberJob(
  scope: IConstruct,
  {
    label,
    schedule,
    longestRun,
  }: { readonly label: string; readonly schedule: Schedule; readonly longestRun: Duration },
): void {
  const { minute, hour, weekDay = '*' } = schedule;
  remembered.set(scope, {
    label,
    crontab: `${minute} ${hour} * * ${weekDay}`,
    marginMinutes: MARGIN_MINUTES,
    longestRunMinutes: Math.ceil(longestRun.toSeconds() / 60),
  });
}

/** A rotation, which Secrets Manager begins some time in its window. */
export function rememberRotation(
  scope: IConstruct,
  { label, rotation }: { readonly label: string; readonly rotation: Rotation },
): void {
  remembered.set(scope, {
    label,
    crontab: crontabOf(rotationExpression(rotation)),
    marginMinutes: rotation.windowHours * 60,
    longestRunMinutes: LONGEST_ROTATION_MINUTES,
  });
}

/** What runs by a schedule in this part of the tree, by name. Call it when all of it has been made. */
export function scheduledJobsOf(scope: IConstruct): Job[] {
  return scope.node
    .findAll()
    .flatMap((construct) => remembered.get(construct) ?? [])
    .sort((one, other) => (one.label < other.label ? -1 : 1));
}

/** AWS's six fields, of which the last is the year, as crontab's five: `cron(0 8 ? * TUE#1 *)` is `0 8 * * TUE#1`. */
function crontabOf(expression: string): string {
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.split(' ') ?? [];
  return fields.slice(0, 5).join(' ').replaceAll('?', '*');
}
