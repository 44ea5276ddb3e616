import { ConfigurationError, ENVIRONMENT_NAMES, loadEnvironments } from '../../../lib/config';
import { parseEnvironment, parseEnvironments } from '../../../lib/config/parse';
import { GUARD_RAILS, RULES } from '../../../lib/config/rules';
import { prod } from '../../../lib/config/prod';
import { ALARMS_REFUSED } from './alarms-refusals';
import { ALERTING_REFUSED } from './alerting-refusals';
import { EDGE_REFUSED } from './edge-refusals';
import { SENTRY_REFUSED } from './sentry-refusals';
import { SERVICES_REFUSED } from './services-refusals';
import type { Change, Refusal } from './refusal';

/** Production with some fields changed; `undefined` removes one. */
function prodWith(...changes: readonly Change[]): unknown {
  const config = structuredClone(prod) as unknown as Record<string, unknown>;
  for (const [path, value] of changes) {
    const keys = path.split('.');
    const last = keys.pop() as string;
    const parent = keys.reduce<Record<string, unknown>>(
      (node, key) => node[key] as Record<string, unknown>,
      config,
    );
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return config;
}

function refusal(input: unknown, file = 'lib/config/prod.ts'): ConfigurationError {
  try {
    parseEnvironment(file, input);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function problemsOf(input: unknown): readonly string[] {
  return refusal(input).findings[0]?.problems ?? [];
}

const isolatedDump: Change = ['backup.dump.subnets', 'isolated'];

const rotated = (rotation: object) => ({
  every: 'week',
  weekDay: 'TUE',
  hour: 9,
  windowHours: 1,
  ...rotation,
});

/** What is changed, and the whole of what is said about it: field, what it got, what is allowed. */
const REFUSED: readonly Refusal[] = [
  // Shape.
  [
    'an account of 11 digits',
    [['account', '12345678901']],
    /^account: got "12345678901", allowed: .*12 digits/,
  ],
  ['an account as a number', [['account', 123456789012]], /^account: got 123456789012, allowed: .*string/],
  ['a missing region', [['region', undefined]], /^region: got nothing, allowed: .*string/],
  ['a name in capitals', [['name', 'PROD']], /^name: got "PROD", allowed: .*lower-case/],
  ['one zone', [['zones', ['eu-central-1a']]], /^zones: got \["eu-central-1a"\], allowed: at least 2/],
  ['four zones', [['zones', 'abcd'.split('').map((z) => `eu-central-1${z}`)]], /^zones: .*at most 3/],
  ['an unknown field', [['database.size', 'big']], /^database\.size: got "big", allowed: no such field/],
  [
    'an instance that is not graviton',
    [['database.instanceClass', 'm5.large']],
    /^database\.instanceClass: got "m5\.large", allowed: .*graviton/,
  ],
  [
    'point-in-time recovery switched off',
    [['database.backupRetentionDays', 0]],
    /^database\.backupRetentionDays: got 0, allowed: at least 1/,
  ],
  [
    'point-in-time recovery of 36 days',
    [['database.backupRetentionDays', 36]],
    /^database\.backupRetentionDays: got 36, allowed: at most 35/,
  ],
  [
    'log days that CloudWatch does not know',
    [['logRetentionDays', 42]],
    /^logRetentionDays: got 42, allowed: 1, 3, 5/,
  ],
  [
    'an unknown NAT strategy',
    [['network.nat', 'two']],
    /^network\.nat: got "two", allowed: "none", "single", "per-zone"/,
  ],
  [
    'an unknown endpoint',
    [['network.interfaceEndpoints', ['sekrets']]],
    /^network\.interfaceEndpoints\.0: got "sekrets", allowed: "secretsmanager"/,
  ],
  [
    'a schedule in seconds',
    [['backup.dump.schedule.minute', '0 0']],
    /^backup\.dump\.schedule\.minute: got "0 0", allowed: .*cron/,
  ],
  [
    'a day of the week as a number',
    [['backup.dump.schedule.weekDay', '1']],
    /^backup\.dump\.schedule\.weekDay: got "1", allowed: day names/,
  ],
  [
    'half a storage gibibyte',
    [['database.storageGiB', 100.5]],
    /^database\.storageGiB: got 100\.5, allowed: a whole number/,
  ],
  [
    'a range that is no range',
    [['network.cidr', '10.0.0.0']],
    /^network\.cidr: got "10\.0\.0\.0", allowed: an IPv4 range/,
  ],

  // Rules across fields.
  [
    'another name than its file',
    [['name', 'live']],
    /^name: got "live", allowed: "prod", as the file is named/,
  ],
  [
    'a production by name only',
    [['tier', 'nonproduction']],
    /^tier: got "nonproduction", allowed: "production"/,
  ],
  [
    'zones of another region',
    [['zones', ['eu-west-1a', 'eu-west-1b']]],
    /^zones: got .*allowed: zones of eu-central-1/,
  ],
  [
    'the same zone twice',
    [['zones', ['eu-central-1a', 'eu-central-1a']]],
    /^zones: got .*allowed: different zones/,
  ],
  [
    'disaster recovery in the own region',
    [['disasterRecovery.region', 'eu-central-1']],
    /^disasterRecovery\.region: got "eu-central-1", allowed: another region/,
  ],
  [
    'disaster recovery in no region',
    [['disasterRecovery.region', 'Ireland']],
    /^disasterRecovery\.region: got "Ireland", allowed: an AWS region/,
  ],
  [
    'more copies than RDS allows in a region',
    [['disasterRecovery.snapshots.retentionDays', 21]],
    /^disasterRecovery\.snapshots\.retentionDays: got 21, allowed: at most 20 with 28 snapshots a week/,
  ],
  [
    'copies at an hour that is none',
    [['disasterRecovery.snapshots.schedule.hour', '25']],
    /^disasterRecovery\.snapshots\.schedule: .*hours are 0-23/,
  ],
  [
    'copies so rare that silence is not seen',
    [['disasterRecovery.snapshots.schedule', { minute: '0', hour: '2', weekDay: 'MON' }]],
    /^disasterRecovery\.snapshots\.schedule: .*at most 166 hours/,
  ],
  [
    "a replica's retention at a minute that is none",
    [['disasterRecovery.dumps.schedule.minute', '60']],
    /^disasterRecovery\.dumps\.schedule: .*minutes are 0-59/,
  ],
  [
    "a replica's retention so rare that silence is not seen",
    [['disasterRecovery.dumps.schedule', { minute: '0', hour: '2', weekDay: 'MON' }]],
    /^disasterRecovery\.dumps\.schedule: .*at most 166 hours/,
  ],
  [
    'a word that no retention policy has',
    [['disasterRecovery.dumps.retention.keepHourly', 3]],
    /^disasterRecovery\.dumps\.retention\.keepHourly: got 3, allowed: no such field/,
  ],
  [
    'a public range',
    [['network.cidr', '8.8.0.0/16']],
    /^network\.cidr: got "8\.8\.0\.0\/16", allowed: a private range/,
  ],
  [
    'a range that starts in the middle',
    [['network.cidr', '10.0.1.0/16']],
    /^network\.cidr: .*starts at its own first address/,
  ],
  [
    'a range too small',
    [['network.cidr', '10.0.0.0/24']],
    /^network\.cidr: got "10\.0\.0\.0\/24", allowed: a size of/,
  ],
  [
    'a range too large',
    [['network.cidr', '10.0.0.0/8']],
    /^network\.cidr: got "10\.0\.0\.0\/8", allowed: a size of/,
  ],
  [
    'an endpoint twice',
    [['network.interfaceEndpoints', ['kms', 'kms']]],
    /^network\.interfaceEndpoints: .*each endpoint once/,
  ],
  [
    'a dump that wants NAT where there is none',
    [['network.nat', 'none']],
    /^backup\.dump\.subnets: got "egress", allowed: "isolated"/,
  ],
  [
    'an isolated dump without its endpoint',
    [isolatedDump, ['network.interfaceEndpoints', []]],
    /^network\.interfaceEndpoints: got \[\], allowed: .*secretsmanager/,
  ],
  [
    'an isolated task without its endpoints',
    [isolatedDump],
    /^network\.interfaceEndpoints: got \["secretsmanager"\], allowed: a list with "ecr\.api", .*"sts", as backup\.task/,
  ],
  [
    'a task that takes the dump and is not there',
    [
      ['backup.task', undefined],
      ['backup.drill', undefined],
    ],
    /^backup\.dump\.runner: got "auto", allowed: "function" while there is no backup\.task/,
  ],
  [
    'a drill with no task to run it',
    [['backup.task', undefined]],
    /^backup\.drill: got .*allowed: nothing while there is no backup\.task/,
  ],
  [
    'memory that Fargate does not give',
    [['backup.task.memoryMiB', 4096]],
    /^backup\.task\.memoryMiB: got 4096, allowed: 8 to 30 GiB in steps of 1 GiB/,
  ],
  [
    'more smoke SQL than the parameter holds',
    [['backup.drill.smoke', [{ name: 'long', sql: 'x'.repeat(2000) }]]],
    /^backup\.drill\.smoke: got .*allowed: at most 2000 characters/,
  ],
  [
    'a drill at an hour that is none',
    [['backup.drill.schedule.hour', '25']],
    /^backup\.drill\.schedule: got .*allowed: a UTC cron schedule/,
  ],
  [
    'retention at an hour that is none',
    [['backup.retention.schedule', { minute: '0', hour: '25' }]],
    /^backup\.retention\.schedule: got .*allowed: a UTC cron schedule/,
  ],
  [
    'retention once a week, which CloudWatch cannot miss',
    [['backup.retention.schedule', { minute: '0', hour: '5', weekDay: 'SAT' }]],
    /^backup\.retention\.schedule: got .*allowed: at most 166 hours/,
  ],
  [
    'no drill in production',
    [['backup.drill', undefined]],
    /^backup\.drill: got nothing, allowed: a drill in production/,
  ],
  [
    'a week of retention in production',
    [['backup.retention.policy.keepDays', 7]],
    /^backup\.retention\.policy\.keepDays: got 7, allowed: at least 14 in production/,
  ],
  [
    'Sentry out of reach',
    [isolatedDump, ['sentry', true]],
    /^sentry: got true, allowed: false while backup\.dump\.subnets/,
  ],
  [
    'storage that cannot grow',
    [['database.maxStorageGiB', 110]],
    /^database\.maxStorageGiB: got 110, allowed: at least 126/,
  ],
  [
    'a backup window of a quarter of an hour',
    [['database.backupWindow', '00:00-00:15']],
    /^database\.backupWindow: .*at least 30 minutes/,
  ],
  [
    'a maintenance window of two days',
    [['database.maintenanceWindow', 'fri:04:00-sun:04:00']],
    /^database\.maintenanceWindow: .*30 minutes to 24 hours/,
  ],
  [
    'maintenance during backup',
    [['database.maintenanceWindow', 'sun:00:30-sun:01:30']],
    /^database\.maintenanceWindow: .*outside database\.backupWindow/,
  ],
  [
    "maintenance over the week's end into a backup",
    [['database.maintenanceWindow', 'sat:23:30-sun:00:30']],
    /^database\.maintenanceWindow: .*outside database\.backupWindow/,
  ],
  ['failover without a replica', [['cache.replicas', 0]], /^cache\.replicas: got 0, allowed: at least 1/],
  [
    'a lock longer than versions are kept',
    [['backup.objectLock.days', 91]],
    /^backup\.objectLock\.days: got 91, allowed: at most .*90/,
  ],
  [
    'a lock on what is thrown away',
    [['dataRemoval', 'destroy']],
    /^backup\.objectLock: got .*allowed: nothing while dataRemoval/,
  ],
  [
    'more snapshots than RDS allows',
    [['backup.snapshot.retentionDays', 30]],
    /^backup\.snapshot\.retentionDays: got 30, allowed: at most 20/,
  ],
  ['hour 25', [['backup.dump.schedule.hour', '25']], /^backup\.dump\.schedule: got .*"25".*allowed: .*0-23/],
  [
    'a dump once a week',
    [['backup.dump.schedule.weekDay', 'SUN']],
    /^backup\.dump\.schedule: .*at most 166 hours/,
  ],
  [
    'a dump in the backup window',
    [['backup.dump.schedule', { minute: '30', hour: '0' }]],
    /^backup\.dump\.schedule: .*outside database\.backupWindow/,
  ],
  [
    'a dump that runs into the backup window',
    [['backup.dump.schedule', { minute: '50', hour: '23' }]],
    /^backup\.dump\.schedule: .*outside database\.backupWindow/,
  ],
  [
    'a dump in the maintenance window',
    [['backup.dump.schedule', { minute: '10', hour: '4' }]],
    /^backup\.dump\.schedule: .*outside database\.maintenanceWindow/,
  ],
  ['minute 60', [['backup.snapshot.schedule.minute', '60']], /^backup\.snapshot\.schedule: .*0-59/],
  [
    'a snapshot once a week',
    [['backup.snapshot.schedule', { minute: '30', hour: '1', weekDay: 'SUN' }]],
    /^backup\.snapshot\.schedule: .*at most 166 hours/,
  ],
  [
    'a snapshot in the backup window',
    [['backup.snapshot.schedule', { minute: '0', hour: '0' }]],
    /^backup\.snapshot\.schedule: .*outside database\.backupWindow/,
  ],

  // Secrets.
  [
    'a rotation at half past',
    [['secrets', { rotation: { app: { minute: 30 } } }]],
    /^secrets\.rotation\.app\.minute: got 30, allowed: no such field/,
  ],
  [
    'a rotation every year',
    [['secrets', { rotation: { app: { every: 'year' } } }]],
    /^secrets\.rotation\.app\.every: got "year", allowed: "day", "week", "month", "quarter"/,
  ],
  [
    'an encrypted column of no schema',
    [['secrets', { data: { encryptedColumns: [{ table: 'users', column: 'iban' }] } }]],
    /^secrets\.data\.encryptedColumns\.0\.table: got "users", allowed: a table with its schema/,
  ],
  [
    'tokens of half a year',
    [['secrets', { jwt: { maxTokenMinutes: 263_000 } }]],
    /^secrets\.jwt\.maxTokenMinutes: got 263000, allowed: at most 129600/,
  ],
  [
    'functions of secrets that want NAT where there is none',
    [
      ['network.nat', 'none'],
      ['secrets', { subnets: 'egress' }],
    ],
    /^secrets\.subnets: got "egress", allowed: "isolated"/,
  ],
  [
    'isolated functions of secrets without their endpoint',
    [
      ['network.interfaceEndpoints', []],
      ['secrets', { subnets: 'isolated' }],
    ],
    /^network\.interfaceEndpoints: got \[\], allowed: a list with "secretsmanager", as functions/,
  ],
  [
    'functions of secrets that cannot ask where the vault is',
    [['secrets', { subnets: 'isolated' }]],
    /^network\.interfaceEndpoints: got \["secretsmanager"\], allowed: a list with "ssm", as functions/,
  ],
  [
    'the same, as they stand where the dump function does',
    [isolatedDump],
    /^network\.interfaceEndpoints: got \["secretsmanager"\], allowed: a list with "ssm", as functions/,
  ],
  [
    'a dump by somebody else',
    [['backup.dump.login', 'app']],
    /^backup\.dump\.login: got "app", allowed: "admin", "backup"/,
  ],
  [
    'Sentry out of reach of the functions of secrets',
    [
      ['sentry', true],
      ['secrets', { subnets: 'isolated' }],
    ],
    /^sentry: got true, allowed: false while secrets\.subnets/,
  ],
  [
    'a key that is used before everybody knows it',
    [['secrets', { cacheSeconds: 3600, publishMinutes: 59 }]],
    /^secrets\.publishMinutes: got 59, allowed: at least 60: secrets\.cacheSeconds/,
  ],
  ...(['master', 'app', 'backup', 'cache', 'jwt', 'data'] as const).map((name): (typeof REFUSED)[number] => [
    `a window of ${name} that goes on tomorrow`,
    [['secrets', { rotation: { [name]: rotated({ hour: 23, windowHours: 2 }) } }]],
    new RegExp(`^secrets\\.rotation\\.${name}: got .*a window that closes before the day ends`),
  ]),
  ...(['master', 'app', 'backup'] as const).flatMap((name): (typeof REFUSED)[number][] => [
    [
      `a rotation of ${name} while the task dumps`,
      [['secrets', { rotation: { [name]: rotated({ hour: 5 }) } }]],
      new RegExp(
        `^secrets\\.rotation\\.${name}: got .*outside the dumps.*4 hours from backup\\.dump\\.schedule`,
      ),
    ],
    [
      `a rotation of ${name} while the instance may be away`,
      [['secrets', { rotation: { [name]: rotated({ weekDay: 'SUN', hour: 3, windowHours: 2 }) } }]],
      new RegExp(`^secrets\\.rotation\\.${name}: got .*outside database\\.maintenanceWindow`),
    ],
  ]),
  ...(['app', 'backup'] as const).map((name): (typeof REFUSED)[number] => [
    `a rotation of ${name} while its helper rotates`,
    [
      [
        'secrets',
        {
          rotation: {
            master: rotated({ every: 'month', hour: 9 }),
            [name]: rotated({ hour: 8, windowHours: 2 }),
          },
        },
      ],
    ],
    new RegExp(`^secrets\\.rotation\\.${name}: got .*outside that of secrets\\.rotation\\.master`),
  ]),
  [
    'key rings that are lost with the region',
    [['secrets', { replicate: false }]],
    /^secrets\.replicate: got false, allowed: true in production/,
  ],

  // Guard rails of production.
  [
    'stacks that can be deleted',
    [['terminationProtection', false]],
    /^terminationProtection: got false, allowed: true in production/,
  ],
  [
    'data that is not retained',
    [['dataRemoval', 'snapshot']],
    /^dataRemoval: got "snapshot", allowed: "retain"/,
  ],
  [
    'no disaster recovery',
    [['disasterRecovery', undefined]],
    /^disasterRecovery: got nothing, allowed: a region/,
  ],
  ['no domain', [['domain', undefined]], /^domain: got nothing, allowed: a domain/],
  ['talkative logs', [['logLevel', 'DEBUG']], /^logLevel: got "DEBUG", allowed: "INFO"/],
  ['logs of a week', [['logRetentionDays', 7]], /^logRetentionDays: got 7, allowed: at least 30/],
  [
    'one NAT gateway',
    [['network.nat', 'single']],
    /^network\.nat: got "single", allowed: "per-zone" or "none"/,
  ],
  ['no flow logs', [['network.flowLogs', undefined]], /^network\.flowLogs: got nothing, allowed: flow logs/],
  ['a database in one zone', [['database.multiAz', false]], /^database\.multiAz: got false, allowed: true/],
  [
    'a database that can be deleted',
    [['database.deletionProtection', false]],
    /^database\.deletionProtection: got false, allowed: true/,
  ],
  [
    'recovery to 6 days back',
    [['database.backupRetentionDays', 6]],
    /^database\.backupRetentionDays: got 6, allowed: at least 7/,
  ],
  ['a cache in one zone', [['cache.multiAz', false]], /^cache\.multiAz: got false, allowed: true/],
  [
    'a vault without a lock',
    [['backup.objectLock', undefined]],
    /^backup\.objectLock: got nothing, allowed: an object lock/,
  ],
  [
    'a lock of a day',
    [['backup.objectLock.days', 1]],
    /^backup\.objectLock\.days: got 1, allowed: at least 7/,
  ],
  [
    'snapshots kept for 13 days',
    [['backup.snapshot.retentionDays', 13]],
    /^backup\.snapshot\.retentionDays: got 13, allowed: at least 14/,
  ],
  [
    'two newest snapshots',
    [['backup.snapshot.keepNewest', 2]],
    /^backup\.snapshot\.keepNewest: got 2, allowed: at least 3/,
  ],
  [
    'dumps on working days only',
    [['backup.dump.schedule.weekDay', 'MON-FRI']],
    /^backup\.dump\.schedule: .*one run a day/,
  ],
  [
    'copies on working days only',
    [['disasterRecovery.snapshots.schedule.weekDay', 'MON-FRI']],
    /^disasterRecovery\.snapshots\.schedule: .*one run a day/,
  ],
  [
    'two newest copies',
    [['disasterRecovery.snapshots.keepNewest', 2]],
    /^disasterRecovery\.snapshots\.keepNewest: got 2, allowed: at least 3/,
  ],
  [
    'two newest dumps in the replica',
    [['disasterRecovery.dumps.retention.keepNewestVerified', 2]],
    /^disasterRecovery\.dumps\.retention\.keepNewestVerified: got 2, allowed: at least 3/,
  ],
  [
    'snapshots on working days only',
    [['backup.snapshot.schedule.weekDay', 'MON-FRI']],
    /^backup\.snapshot\.schedule: .*one run a day/,
  ],
  ...EDGE_REFUSED,
  ...ALERTING_REFUSED,
  ...ALARMS_REFUSED,
  ...SENTRY_REFUSED,
  ...SERVICES_REFUSED,
];

describe('a configuration is refused for', () => {
  test.each(REFUSED)('%s', (_what, changes, problem) => {
    expect(problemsOf(prodWith(...changes))).toContainEqual(expect.stringMatching(problem));
  });

  test.each([[undefined], [null], ['prod'], [[]]])('being %p', (input) => {
    expect(problemsOf(input)).toContainEqual(expect.stringMatching(/^the whole configuration: got /));
  });
});

describe('a refusal', () => {
  test('lists every problem at once: wrong shapes, broken rules and missed guard rails', () => {
    const problems = problemsOf(
      prodWith(
        ['account', '1'],
        ['zones', ['eu-west-1a', 'eu-west-1b']],
        ['database.multiAz', false],
        ['cache.nodeType', 'cache.m3.medium'],
        ['backup.objectLock', undefined],
      ),
    );

    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'account',
      'backup.objectLock',
      'cache.nodeType',
      'database.multiAz',
      'zones',
    ]);
  });

  test('names the file to edit, and has a code', () => {
    const error = refusal(prodWith(['domain', undefined]));

    expect(error.message).toMatch(/^lib\/config\/prod\.ts has 1 problem:\n/);
    expect(error.message).toMatch(/\nedit lib\/config\/prod\.ts$/);
    expect(error.code).toBe('ConfigurationError');
  });

  test('speaks of every file', () => {
    const bad = new Map([
      ['lib/config/prod.ts', prodWith(['domain', undefined])],
      ['lib/config/dev.ts', {}],
    ]);

    expect(() => parseEnvironments(bad)).toThrow(/prod\.ts has 1 problem[^]*dev\.ts has \d+ problems/);
  });

  test('of an unknown environment names the known ones', () => {
    expect(() => loadEnvironments(['production'])).toThrow(
      /got \["production"\], allowed: dev, staging, prod, local/,
    );
    expect(() => loadEnvironments([])).toThrow(ConfigurationError);
  });
});

test('every rule and every guard rail has a configuration above that it refuses', () => {
  const refusals = REFUSED.map(([, changes]) => changes);
  const untested = [...RULES, ...GUARD_RAILS].filter(
    (rule) =>
      !refusals.some((changes) => {
        try {
          return rule.broken(prodWith(...changes) as never) !== undefined;
        } catch {
          return false;
        }
      }),
  );

  expect(untested.map(({ field }) => field)).toEqual([]);
});

describe('the environments of this repository', () => {
  test.each(ENVIRONMENT_NAMES)('%s is accepted', (name) => {
    expect(loadEnvironments([name])[0]).toMatchObject({ name });
  });

  test('have accounts of their own, so that none can reach into another', () => {
    const accounts = loadEnvironments().map(({ account }) => account);

    expect(new Set(accounts).size).toBe(accounts.length);
  });
});
