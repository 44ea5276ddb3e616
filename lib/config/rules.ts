import type { EnvironmentConfig } from './schema';
import {
  dailyWindows,
  lengthOf,
  longestGapMinutes,
  minutesOfWeek,
  overlaps,
  type Schedule,
  weeklyWindow,
  type Window,
} from './schedule';

/** A rule across fields. It runs when the fields it reads have their right shape. */
export interface Rule {
  /** The field that the problem names. */
  readonly field: string;
  /** Other fields it reads. */
  readonly reads?: readonly string[];
  /** What is allowed, in words, when it does not hold; undefined when it does. */
  readonly broken: (config: EnvironmentConfig) => string | undefined;
}

/** `broken` for a condition that must hold. */
const unless =
  (holds: (config: EnvironmentConfig) => boolean, allowed: string): Rule['broken'] =>
  (config) =>
    holds(config) ? undefined : allowed;

/** CloudWatch looks back seven days at most; two hours are left for a late start. */
const LONGEST_GAP_HOURS = 7 * 24 - 2;
/** RDS allows 100 manual snapshots per region; a restore and a person need some of them. */
const SNAPSHOTS_AT_ONCE = 80;
/** Lambda stops the dump after this long. */
const LONGEST_RUN_MINUTES = 15;

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
    field: 'sentryDsnSecretName',
    reads: ['backup.dump.subnets'],
    broken: unless(
      (c) => c.sentryDsnSecretName === undefined || c.backup.dump.subnets === 'egress',
      'nothing while backup.dump.subnets is "isolated": Sentry is on the internet',
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
];

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
    {
      field,
      broken: unless(
        (c) => runs(c.backup[job].schedule).length > 0,
        'a UTC cron schedule whose minutes are 0-59 and whose hours are 0-23',
      ),
    },
    {
      field,
      broken: unless(
        (c) => gapHours(c.backup[job].schedule) <= LONGEST_GAP_HOURS,
        `at most ${LONGEST_GAP_HOURS} hours between runs: CloudWatch looks back no further to say that it did not run`,
      ),
    },
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
  ...(['snapshot', 'dump'] as const).map((job) => ({
    field: `backup.${job}.schedule`,
    broken: unless((c) => gapHours(c.backup[job].schedule) <= 24, 'at least one run a day in production'),
  })),
];

/** A schedule's runs as stretches of the week; none when it cannot be read, which a rule of its own says. */
function runs(schedule: Schedule): Window[] {
  try {
    return minutesOfWeek(schedule).map((start) => ({ start, end: start + LONGEST_RUN_MINUTES }));
  } catch {
    return [];
  }
}

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
