import { ALARMS_RULES } from './alarms-rules';
import { ALERTING_GUARD_RAILS, ALERTING_RULES } from './alerting-rules';
import { EDGE_GUARD_RAILS, EDGE_RULES } from './edge-rules';
import { fargateMemoryProblem } from './fargate';
import { LONGEST_RUN_MINUTES, type Rule, runs, unless } from './rule';
import type { EnvironmentConfig } from './schema';
import {
  dailyWindows,
  lengthOf,
  longestGapMinutes,
  overlaps,
  type Schedule,
  weeklyWindow,
  type Window,
} from './schedule';
import { SECRETS_GUARD_RAILS, SECRETS_RULES } from './secrets-rules';
import { SENTRY_RULES } from './sentry-rules';
import { SERVICES_GUARD_RAILS, SERVICES_RULES } from './services-rules';

/** CloudWatch looks back seven days at most; two hours are left for a late start. */
const LONGEST_GAP_HOURS = 7 * 24 - 2;
/** RDS allows 100 manual snapshots per region; a restore and a person need some of them. */
const SNAPSHOTS_AT_ONCE = 80;
/** What a task in isolated subnets calls: to be started, to log, and to work. S3 has its gateway. */
const TASK_ENDPOINTS = ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager', 'ssm', 'sts'] as const;
/** A parameter of Systems Manager holds 4,096 characters, and the rest of what it must hold takes some 1,500. */
const SMOKE_CHARACTERS = 2000;

/** What must hold in every environment. */
export const RULES: readonly Rule[] = [
  {
    field: 'tier',
    reads: ['name'],
    broken: unless(
      (c) => !c.name.startsWith('prod') || c.tier === 'production',
      '"production", as the name says so',
    ),
  },
  {
    field: 'zones',
    reads: ['region'],
    broken: (c) =>
      c.zones.every((zone) => /^[a-z]$/.test(zone.slice(c.region.length)) && zone.startsWith(c.region))
        ? undefined
        : `zones of ${c.region}, such as "${c.region}a"`,
  },
  { field: 'zones', broken: unless((c) => distinct(c.zones), 'different zones') },
  {
    field: 'disasterRecovery.region',
    reads: ['region'],
    broken: unless(
      (c) => !c.disasterRecovery || c.disasterRecovery.region !== c.region,
      'another region than the own',
    ),
  },
  {
    field: 'network.cidr',
    broken: unless(
      (c) => isPrivateRange(c.network.cidr),
      'a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16) that starts at its own first address',
    ),
  },
  {
    field: 'network.cidr',
    broken: unless(
      (c) => prefixLength(c.network.cidr) >= 16 && prefixLength(c.network.cidr) <= 20,
      'a size of /16 to /20: AWS allows no larger one, and a smaller one is full with three kinds of subnet in three zones',
    ),
  },
  {
    field: 'network.interfaceEndpoints',
    broken: unless((c) => distinct(c.network.interfaceEndpoints), 'each endpoint once'),
  },
  {
    field: 'backup.dump.subnets',
    reads: ['network.nat'],
    broken: unless(
      (c) => c.network.nat !== 'none' || c.backup.dump.subnets === 'isolated',
      '"isolated", as network.nat is "none"',
    ),
  },
  {
    field: 'network.interfaceEndpoints',
    reads: ['backup.dump.subnets'],
    broken: unless(
      (c) => c.backup.dump.subnets === 'egress' || c.network.interfaceEndpoints.includes('secretsmanager'),
      'a list with "secretsmanager", as the dump function in isolated subnets reads its credentials there',
    ),
  },
  {
    field: 'network.interfaceEndpoints',
    reads: ['backup.dump.subnets', 'backup.task'],
    broken: (c) => {
      const missing = TASK_ENDPOINTS.filter((name) => !c.network.interfaceEndpoints.includes(name));
      return c.backup.dump.subnets === 'egress' || missing.length === 0
        ? undefined
        : `a list with ${missing.map((name) => `"${name}"`).join(', ')}, as backup.task runs in isolated subnets`;
    },
  },
  {
    field: 'backup.dump.runner',
    broken: unless(
      (c) => (c.backup.dump.runner ?? 'function') === 'function' || c.backup.task !== undefined,
      '"function" while there is no backup.task',
    ),
  },
  {
    field: 'backup.task.memoryMiB',
    reads: ['backup.task.cpu'],
    broken: ({ backup: { task } }) => task && fargateMemoryProblem(task.cpu, task.memoryMiB),
  },
  {
    field: 'backup.drill',
    broken: unless(
      (c) => c.backup.drill === undefined || c.backup.task !== undefined,
      'nothing while there is no backup.task to run it',
    ),
  },
  {
    field: 'backup.drill.smoke',
    reads: ['backup.drill.smoke'],
    broken: unless(
      (c) => JSON.stringify(c.backup.drill?.smoke).length <= SMOKE_CHARACTERS,
      `at most ${SMOKE_CHARACTERS} characters in all: put longer questions into a function of the database`,
    ),
  },
  ...runnableRules('backup.retention.schedule', (c) => c.backup.retention?.schedule),
  // A drill may be weekly: the monitor tells when one is due.
  readableRule('backup.drill.schedule', (c) => c.backup.drill?.schedule),
  {
    field: 'sentry',
    reads: ['backup.dump.subnets'],
    broken: unless(
      (c) => !c.sentry || c.backup.dump.subnets === 'egress',
      'false while backup.dump.subnets is "isolated": Sentry is on the internet',
    ),
  },
  {
    field: 'database.maxStorageGiB',
    reads: ['database.storageGiB'],
    broken: (c) =>
      c.database.maxStorageGiB >= Math.ceil(c.database.storageGiB * 1.26)
        ? undefined
        : `at least ${Math.ceil(c.database.storageGiB * 1.26)}: RDS wants 26 % above storageGiB to grow into`,
  },
  {
    field: 'database.backupWindow',
    broken: unless(
      (c) => lengthOf(dailyWindows(c.database.backupWindow)[0] as Window) >= 30,
      'a window of at least 30 minutes',
    ),
  },
  {
    field: 'database.maintenanceWindow',
    broken: unless((c) => {
      const length = lengthOf(weeklyWindow(c.database.maintenanceWindow));
      return length >= 30 && length <= 24 * 60;
    }, 'a window of 30 minutes to 24 hours'),
  },
  {
    field: 'database.maintenanceWindow',
    reads: ['database.backupWindow'],
    broken: (c) => {
      const maintenance = weeklyWindow(c.database.maintenanceWindow);
      return dailyWindows(c.database.backupWindow).some((backup) => overlaps(backup, maintenance))
        ? `a window outside database.backupWindow (${c.database.backupWindow})`
        : undefined;
    },
  },
  {
    field: 'cache.replicas',
    reads: ['cache.multiAz'],
    broken: unless((c) => !c.cache.multiAz || c.cache.replicas >= 1, 'at least 1, as cache.multiAz is true'),
  },
  {
    field: 'backup.objectLock.days',
    reads: ['backup.noncurrentVersionDays'],
    broken: (c) =>
      !c.backup.objectLock || c.backup.objectLock.days <= c.backup.noncurrentVersionDays
        ? undefined
        : `at most backup.noncurrentVersionDays (${c.backup.noncurrentVersionDays}): the lifecycle cannot remove a locked version`,
  },
  {
    field: 'backup.objectLock',
    reads: ['dataRemoval'],
    broken: unless(
      (c) => !c.backup.objectLock || c.dataRemoval !== 'destroy',
      'nothing while dataRemoval is "destroy": a locked vault cannot be emptied',
    ),
  },
  {
    field: 'backup.snapshot.retentionDays',
    reads: ['backup.snapshot.schedule'],
    broken: (c) => {
      const perWeek = runs(c.backup.snapshot.schedule).length;
      const most = Math.floor((SNAPSHOTS_AT_ONCE * 7) / perWeek);
      return c.backup.snapshot.retentionDays <= most
        ? undefined
        : `at most ${most} with ${perWeek} snapshots a week: RDS allows 100 manual snapshots per region and we stay under ${SNAPSHOTS_AT_ONCE}`;
    },
  },
  ...(['snapshot', 'dump'] as const).flatMap(scheduleRules),
  {
    field: 'disasterRecovery.snapshots.retentionDays',
    reads: ['backup.snapshot.schedule'],
    broken: (c) => {
      const perWeek = runs(c.backup.snapshot.schedule).length;
      const most = Math.floor((SNAPSHOTS_AT_ONCE * 7) / perWeek);
      return !c.disasterRecovery || c.disasterRecovery.snapshots.retentionDays <= most
        ? undefined
        : `at most ${most} with ${perWeek} snapshots a week: RDS allows 100 manual snapshots there too`;
    },
  },
  ...(['snapshots', 'dumps'] as const).flatMap((copies) =>
    runnableRules(`disasterRecovery.${copies}.schedule`, (c) => c.disasterRecovery?.[copies].schedule),
  ),
  ...SECRETS_RULES,
  ...SERVICES_RULES,
  ...EDGE_RULES,
  ...ALARMS_RULES,
  ...ALERTING_RULES,
  ...SENTRY_RULES,
];

/** A schedule that can be read, and whose silence CloudWatch can see. */
function runnableRules(
  field: string,
  scheduleOf: (config: EnvironmentConfig) => Schedule | undefined,
): Rule[] {
  return [readableRule(field, scheduleOf), audibleRule(field, scheduleOf)];
}

function readableRule(field: string, scheduleOf: (config: EnvironmentConfig) => Schedule | undefined): Rule {
  return {
    field,
    broken: unless((c) => {
      const schedule = scheduleOf(c);
      return schedule === undefined || runs(schedule).length > 0;
    }, 'a UTC cron schedule whose minutes are 0-59 and whose hours are 0-23'),
  };
}

function audibleRule(field: string, scheduleOf: (config: EnvironmentConfig) => Schedule | undefined): Rule {
  return {
    field,
    broken: unless((c) => {
      const schedule = scheduleOf(c);
      return schedule === undefined || gapHours(schedule) <= LONGEST_GAP_HOURS;
    }, `at most ${LONGEST_GAP_HOURS} hours between runs: CloudWatch looks back no further to say that it did not run`),
  };
}

function scheduleRules(job: 'snapshot' | 'dump'): Rule[] {
  const field = `backup.${job}.schedule`;
  const notDuring = (name: string, windows: (config: EnvironmentConfig) => Window[]): Rule => ({
    field,
    reads: [`database.${name}`],
    broken: (c) =>
      runs(c.backup[job].schedule).some((run) => windows(c).some((window) => overlaps(run, window)))
        ? `a time whose ${LONGEST_RUN_MINUTES} minutes stay outside database.${name}`
        : undefined,
  });
  return [
    ...runnableRules(field, (c) => c.backup[job].schedule),
    notDuring('backupWindow', (c) => dailyWindows(c.database.backupWindow)),
    notDuring('maintenanceWindow', (c) => [weeklyWindow(c.database.maintenanceWindow)]),
  ];
}

/** What production must have on top. Each is a way in which data or service has been lost elsewhere. */
export const GUARD_RAILS: readonly Rule[] = [
  { field: 'terminationProtection', broken: unless((c) => c.terminationProtection, 'true in production') },
  { field: 'dataRemoval', broken: unless((c) => c.dataRemoval === 'retain', '"retain" in production') },
  {
    field: 'disasterRecovery',
    broken: unless((c) => c.disasterRecovery !== undefined, 'a region in production'),
  },
  {
    field: 'disasterRecovery.snapshots.schedule',
    broken: unless(
      (c) => !c.disasterRecovery || gapHours(c.disasterRecovery.snapshots.schedule) <= 24,
      'at least one run a day in production',
    ),
  },
  {
    field: 'disasterRecovery.snapshots.keepNewest',
    broken: unless((c) => (c.disasterRecovery?.snapshots.keepNewest ?? 3) >= 3, 'at least 3 in production'),
  },
  {
    field: 'disasterRecovery.dumps.retention.keepNewestVerified',
    broken: unless(
      (c) => (c.disasterRecovery?.dumps.retention.keepNewestVerified ?? 3) >= 3,
      'at least 3 in production',
    ),
  },
  { field: 'domain', broken: unless((c) => c.domain !== undefined, 'a domain in production') },
  {
    field: 'logLevel',
    broken: unless((c) => c.logLevel !== 'DEBUG', '"INFO" or less talkative in production'),
  },
  { field: 'logRetentionDays', broken: unless((c) => c.logRetentionDays >= 30, 'at least 30 in production') },
  {
    field: 'network.nat',
    broken: unless(
      (c) => c.network.nat !== 'single',
      '"per-zone" or "none" in production: one gateway falls with its zone',
    ),
  },
  {
    field: 'network.flowLogs',
    broken: unless((c) => c.network.flowLogs !== undefined, 'flow logs in production'),
  },
  { field: 'database.multiAz', broken: unless((c) => c.database.multiAz, 'true in production') },
  {
    field: 'database.deletionProtection',
    broken: unless((c) => c.database.deletionProtection, 'true in production'),
  },
  {
    field: 'database.backupRetentionDays',
    broken: unless((c) => c.database.backupRetentionDays >= 7, 'at least 7 in production'),
  },
  { field: 'cache.multiAz', broken: unless((c) => c.cache.multiAz, 'true in production') },
  {
    field: 'backup.objectLock',
    broken: unless((c) => c.backup.objectLock !== undefined, 'an object lock in production'),
  },
  {
    field: 'backup.objectLock.days',
    broken: unless((c) => (c.backup.objectLock?.days ?? 7) >= 7, 'at least 7 in production'),
  },
  {
    field: 'backup.snapshot.retentionDays',
    broken: unless((c) => c.backup.snapshot.retentionDays >= 14, 'at least 14 in production'),
  },
  {
    field: 'backup.snapshot.keepNewest',
    broken: unless((c) => c.backup.snapshot.keepNewest >= 3, 'at least 3 in production'),
  },
  { field: 'backup.drill', broken: unless((c) => c.backup.drill !== undefined, 'a drill in production') },
  {
    field: 'backup.retention.policy.keepDays',
    reads: ['backup.retention.policy.keepDays'],
    broken: unless((c) => c.backup.retention.policy.keepDays >= 14, 'at least 14 in production'),
  },
  ...(['snapshot', 'dump'] as const).map((job) => ({
    field: `backup.${job}.schedule`,
    broken: unless((c) => gapHours(c.backup[job].schedule) <= 24, 'at least one run a day in production'),
  })),
  ...SECRETS_GUARD_RAILS,
  ...SERVICES_GUARD_RAILS,
  ...EDGE_GUARD_RAILS,
  ...ALERTING_GUARD_RAILS,
];

function gapHours(schedule: Schedule): number {
  return runs(schedule).length === 0 ? 0 : longestGapMinutes(schedule) / 60;
}

function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function prefixLength(cidr: string): number {
  return Number(cidr.split('/')[1]);
}

function isPrivateRange(cidr: string): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = (cidr.split('/')[0] ?? '').split('.').map(Number);
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const size = 2 ** (32 - prefixLength(cidr));
  const isPrivate = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  return isPrivate && address % size === 0;
}
