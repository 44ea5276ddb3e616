import type { EnvironmentInput } from './schema';

/** The platform on one machine: the same templates, deployed by `local/` and never to AWS. */
export const local: EnvironmentInput = {
  name: 'local',
  tier: 'nonproduction',
  account: '123456789012', // the emulator's own account
  region: 'eu-central-1',
  zones: ['eu-central-1a', 'eu-central-1b'],
  terminationProtection: false,
  dataRemoval: 'destroy',
  logRetentionDays: 1,
  logLevel: 'INFO',
  network: {
    cidr: '10.40.0.0/16',
    nat: 'none',
    interfaceEndpoints: ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager', 'ssm', 'sts'],
  },
  database: {
    name: 'golive',
    instanceClass: 't4g.small',
    storageGiB: 20,
    maxStorageGiB: 50,
    multiAz: false,
    deletionProtection: false,
    backupRetentionDays: 1,
    backupWindow: '00:00-01:00',
    maintenanceWindow: 'fri:04:00-fri:05:00',
    performanceInsightsDays: 7,
  },
  cache: { nodeType: 'cache.t4g.micro', replicas: 0, multiAz: false, snapshotRetentionDays: 0 },
  backup: {
    noncurrentVersionDays: 1,
    snapshot: { schedule: { minute: '30', hour: '1' }, retentionDays: 7, keepNewest: 2 },
    dump: { schedule: { minute: '0', hour: '2' }, subnets: 'isolated' },
    task: { cpu: 2048, memoryMiB: 4096, storageGiB: 21 },
    drill: { schedule: { minute: '0', hour: '5', weekDay: 'SAT' } },
  },
  services: {
    subnets: 'public',
    gateway: {
      cpu: 256,
      memoryMiB: 1024,
      tasks: { min: 1, max: 1 },
      scaling: { requestsPerMinute: 3000 },
    },
    frontend: {
      cpu: 256,
      memoryMiB: 1024,
      tasks: { min: 1, max: 1 },
      scaling: { requestsPerMinute: 3000 },
    },
    observability: { sampleRatio: 1 },
  },
  edge: { plainHttp: true, deletionProtection: false },
  alarms: { database: { freeableMemoryPercent: 10 } },
  alerting: { dashboards: false }, // nothing draws them here
};
