import type { EnvironmentInput } from './schema';

/** The cheapest that still has every part: no NAT, one zone's database, nothing protected. */
export const dev: EnvironmentInput = {
  name: 'dev',
  tier: 'nonproduction',
  account: '111111111111', // edit me: a placeholder
  region: 'eu-central-1',
  zones: ['eu-central-1a', 'eu-central-1b'],
  terminationProtection: false,
  dataRemoval: 'destroy',
  logRetentionDays: 14,
  logLevel: 'DEBUG',
  network: { cidr: '10.10.0.0/16', nat: 'none', interfaceEndpoints: ['secretsmanager', 'ssm'] },
  database: {
    name: 'golive',
    instanceClass: 't4g.small',
    storageGiB: 20,
    maxStorageGiB: 50,
    multiAz: false,
    deletionProtection: false,
    backupRetentionDays: 3,
    backupWindow: '00:00-01:00',
    maintenanceWindow: 'fri:04:00-fri:05:00',
    performanceInsightsDays: 7,
  },
  cache: { nodeType: 'cache.t4g.micro', replicas: 0, multiAz: false, snapshotRetentionDays: 0 },
  backup: {
    noncurrentVersionDays: 7,
    snapshot: { schedule: { minute: '30', hour: '1' }, retentionDays: 3, keepNewest: 2 },
    dump: { schedule: { minute: '0', hour: '2' }, subnets: 'isolated' },
  },
  services: {
    subnets: 'public',
    gateway: {
      cpu: 256,
      memoryMiB: 1024,
      tasks: { min: 1, max: 2 },
      spotPercent: 100,
      scaling: { requestsPerMinute: 3000 },
    },
    frontend: {
      cpu: 256,
      memoryMiB: 1024,
      tasks: { min: 1, max: 2 },
      spotPercent: 100,
      scaling: { requestsPerMinute: 3000 },
    },
    observability: { sampleRatio: 1 },
  },
  edge: {
    plainHttp: true,
    deletionProtection: false,
    waf: { requestsPer5Minutes: 3000, loginsPer5Minutes: 50 },
  },
  // Of 2 GiB the system and PostgreSQL's own buffers leave less than a quarter even at rest.
  alarms: { database: { freeableMemoryPercent: 10 } },
  delivery: {
    repository: 'my-company/golive', // edit me: a placeholder
    githubEnvironment: 'dev',
    provider: 'create',
  },
};
