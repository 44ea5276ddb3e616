import type { EnvironmentInput } from './schema';

/** Production's shape at a smaller size: what goes wrong in production should go wrong here first. */
export const staging: EnvironmentInput = {
  name: 'staging',
  tier: 'nonproduction',
  account: '222222222222', // edit me: a placeholder
  region: 'eu-central-1',
  zones: ['eu-central-1a', 'eu-central-1b'],
  domain: 'staging.golive.example', // edit me: a placeholder
  terminationProtection: true,
  dataRemoval: 'snapshot',
  logRetentionDays: 90,
  logLevel: 'INFO',
  sentry: true, // off until somebody sets the DSN: golive secrets set sentry-dsn
  network: {
    cidr: '10.20.0.0/16',
    nat: 'single',
    interfaceEndpoints: [],
    flowLogs: { retentionDays: 14 },
  },
  database: {
    name: 'golive',
    instanceClass: 'm8g.large',
    storageGiB: 50,
    maxStorageGiB: 200,
    multiAz: true,
    deletionProtection: true,
    backupRetentionDays: 14,
    backupWindow: '00:00-01:00',
    maintenanceWindow: 'sat:04:00-sat:05:00', // a day before production's
    performanceInsightsDays: 31,
  },
  cache: { nodeType: 'cache.t4g.small', replicas: 1, multiAz: true, snapshotRetentionDays: 1 },
  backup: {
    objectLock: { mode: 'governance', days: 1 },
    noncurrentVersionDays: 14,
    snapshot: { schedule: { minute: '30', hour: '1' }, retentionDays: 7, keepNewest: 3 },
    dump: { schedule: { minute: '0', hour: '2' }, subnets: 'egress', runner: 'auto' },
    task: { cpu: 2048, memoryMiB: 8192, storageGiB: 100 },
    drill: { schedule: { minute: '0', hour: '5', weekDay: 'SAT' } },
  },
  services: {
    subnets: 'egress',
    gateway: {
      cpu: 512,
      memoryMiB: 1024,
      tasks: { min: 2, max: 4 },
      spotPercent: 50,
      scaling: { requestsPerMinute: 3000 },
    },
    frontend: {
      cpu: 512,
      memoryMiB: 1024,
      tasks: { min: 2, max: 4 },
      spotPercent: 50,
      scaling: { requestsPerMinute: 3000 },
    },
    observability: { sampleRatio: 0.5, tracesPerSecond: 10 },
  },
  edge: {
    hostedZone: { id: 'Z00000000000000000002', name: 'staging.golive.example' }, // edit me: a placeholder
    deletionProtection: true,
    waf: { requestsPer5Minutes: 3000, loginsPer5Minutes: 50 },
  },
  alerting: { email: { critical: ['platform@golive.example'] } }, // edit me: a placeholder
  delivery: {
    repository: 'my-company/golive', // edit me: a placeholder
    githubEnvironment: 'staging',
    provider: 'create',
  },
};
