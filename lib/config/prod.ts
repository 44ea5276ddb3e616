import type { EnvironmentInput } from './schema';

/** Production. The guard rails in `rules.ts` refuse what would make it unsafe. */
export const prod: EnvironmentInput = {
  name: 'prod',
  tier: 'production',
  account: '333333333333', // edit me: a placeholder
  region: 'eu-central-1',
  zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  disasterRecovery: {
    region: 'eu-west-1',
    // An hour after each snapshot, by when it is complete, and twice more before the next one.
    snapshots: { schedule: { minute: '30', hour: '*/2' }, retentionDays: 14, keepNewest: 7 },
    dumps: {
      schedule: { minute: '0', hour: '6' },
      retention: { keepDays: 30, keepWeekly: 12, keepMonthly: 12, keepNewestVerified: 7 },
    },
  },
  domain: 'golive.example', // edit me: a placeholder
  terminationProtection: true,
  dataRemoval: 'retain',
  logRetentionDays: 365,
  logLevel: 'INFO',
  sentry: true, // off until somebody sets the DSN: golive secrets set sentry-dsn
  sentryRules: {
    // edit me: placeholders
    organization: 'my-company',
    projects: ['golive'],
    pagerDuty: { integrationId: '1', serviceId: '1', serviceName: 'golive' },
    slack: { integrationId: '2', channel: '#golive-errors', channelId: 'C0000000000' },
  },
  network: {
    cidr: '10.30.0.0/16',
    nat: 'per-zone',
    interfaceEndpoints: ['secretsmanager'],
    flowLogs: { retentionDays: 90 },
  },
  database: {
    name: 'golive',
    instanceClass: 'r8g.large',
    storageGiB: 100,
    maxStorageGiB: 1000,
    multiAz: true,
    deletionProtection: true,
    backupRetentionDays: 35,
    backupWindow: '00:00-01:00',
    maintenanceWindow: 'sun:04:00-sun:05:00',
    performanceInsightsDays: 465, // 15 months: this season against the last one
  },
  cache: { nodeType: 'cache.r7g.large', replicas: 2, multiAz: true, snapshotRetentionDays: 7 },
  backup: {
    objectLock: { mode: 'governance', days: 30 },
    noncurrentVersionDays: 90,
    // 4 a day for 14 days are 56 of the region's 100.
    snapshot: { schedule: { minute: '30', hour: '1,7,13,19' }, retentionDays: 14, keepNewest: 7 },
    dump: { schedule: { minute: '0', hour: '2' }, subnets: 'egress', runner: 'auto' },
    task: { cpu: 4096, memoryMiB: 16384, storageGiB: 200 },
    drill: { schedule: { minute: '0', hour: '5', weekDay: 'SAT' }, snapshot: true },
    retention: { policy: { keepDays: 35, keepMonthly: 12 } },
  },
  services: {
    subnets: 'egress',
    // A task in each zone, and three times as many before anybody looks.
    gateway: {
      cpu: 1024,
      memoryMiB: 2048,
      tasks: { min: 3, max: 12 },
      scaling: { requestsPerMinute: 6000 },
    },
    frontend: {
      cpu: 1024,
      memoryMiB: 2048,
      tasks: { min: 3, max: 9 },
      scaling: { requestsPerMinute: 3000 },
    },
    // Twice what a task records that answers as many requests as it is scaled for.
    observability: { sampleRatio: 0.05, tracesPerSecond: 10 },
  },
  edge: {
    hostedZone: { id: 'Z00000000000000000003', name: 'golive.example' }, // edit me: a placeholder
    deletionProtection: true,
    // Ten requests a second for five minutes, and people behind one address of a company share it.
    waf: { requestsPer5Minutes: 3000, loginsPer5Minutes: 50 },
  },
  alerting: {
    // Set its key first: golive secrets set pagerduty.
    pagerDuty: { severities: ['critical', 'warning'] },
    email: { critical: ['on-call@golive.example'], warning: ['platform@golive.example'] }, // edit me: placeholders
  },
  delivery: {
    repository: 'my-company/golive', // edit me: a placeholder
    githubEnvironment: 'prod',
    provider: 'create',
  },
};
