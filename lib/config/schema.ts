import { z } from 'zod';
import { HealthLimits } from '../../core/backup/health/evaluate';
import { SmokeQuestion } from '../../core/backup/operations';
import { RetentionPolicy } from '../../core/backup/retention/policy';
import { Alarms } from './alarms-schema';
import { Alerting } from './alerting-schema';
import { Delivery } from './delivery-schema';
import { Edge } from './edge-schema';
import { Secrets } from './secrets-schema';
import { SentryRules } from './sentry-schema';
import { Services } from './services-schema';

/**
 * What may differ between environments. It is data: no construct asks which environment it is in.
 * Cross-field rules and the guard rails of production stand in `rules.ts`.
 */

/** The days that CloudWatch Logs accepts. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const LogDays = z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]);

/** Days for which Performance Insights keeps its data; 7 costs nothing. */
const PerformanceInsightsDays = z.literal([7, 31, 93, 186, 372, 465, 731]);

const cronField = (field: string, example: string) =>
  z.string().regex(/^[\d*/,-]+$/, `${field} of a UTC cron schedule, such as "${example}"`);

const ScheduleSchema = z.strictObject({
  minute: cronField('the minutes', '30'),
  hour: cronField('the hours', '2'),
  /** Names, because EventBridge counts days from 1 and everybody else from 0. */
  weekDay: z
    .string()
    .regex(
      /^(SUN|MON|TUE|WED|THU|FRI|SAT)([,-](SUN|MON|TUE|WED|THU|FRI|SAT))*$/,
      'day names, such as "MON-FRI"',
    )
    .optional(),
});

const Network = z.strictObject({
  /** The VPC's range. Every zone gets a part of it for each kind of subnet. */
  cidr: z.cidrv4('an IPv4 range such as "10.20.0.0/16"'),
  /** `none`: no way out. `single`: one gateway, lost with its zone. `per-zone`: one in each zone. */
  nat: z.enum(['none', 'single', 'per-zone']),
  /** AWS services reached inside the VPC, without NAT. Each costs per zone and hour. */
  interfaceEndpoints: z.array(
    z.enum(['secretsmanager', 'kms', 'logs', 'rds', 'xray', 'ecr.api', 'ecr.dkr', 'ssm', 'sts']),
  ),
  /** @default no flow logs */
  flowLogs: z.strictObject({ retentionDays: LogDays }).optional(),
});

const Database = z.strictObject({
  /** The database that the product uses; it is made with the instance and it is what the dump dumps. */
  name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'a lower-case PostgreSQL name of at most 63 characters'),
  /**
   * RDS's immutable id (`db-ABC…`) of the instance that bears the name now, once a restored one has taken the first
   * one's place: CloudFormation goes on telling the first one's.
   * @default the id of the instance that the stack made
   */
  resourceId: z
    .string()
    .regex(/^db-[A-Z0-9]+$/, 'a resource id such as "db-ABCDEFGHIJKL"')
    .optional(),
  /** Graviton: the same work for about a fifth less. */
  instanceClass: z
    .string()
    .regex(
      /^(t4g|[mr][678]gd?)\.(micro|small|medium|large|\d*xlarge)$/,
      'a graviton class such as "t4g.medium" or "r8g.large"',
    ),
  storageGiB: z.int().min(20).max(65536),
  /** Storage grows by itself up to here. */
  maxStorageGiB: z.int().min(20).max(65536),
  multiAz: z.boolean(),
  deletionProtection: z.boolean(),
  /** Days of automated backups, and so of point-in-time recovery. */
  backupRetentionDays: z.int().min(1).max(35),
  /** Daily, UTC. */
  backupWindow: z
    .string()
    .regex(
      /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/,
      'a daily window in UTC such as "00:30-01:30"',
    ),
  /** Weekly, UTC. */
  maintenanceWindow: z
    .string()
    .regex(
      /^(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):[0-5]\d-(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):[0-5]\d$/,
      'a weekly window in UTC such as "sun:04:00-sun:05:00"',
    ),
  performanceInsightsDays: PerformanceInsightsDays,
});

const Cache = z.strictObject({
  nodeType: z
    .string()
    .regex(
      /^cache\.(t4g|[mr][67]g)\.(micro|small|medium|large|\d*xlarge)$/,
      'a graviton node such as "cache.t4g.small" or "cache.r7g.large"',
    ),
  /** Read replicas beside the primary. */
  replicas: z.int().min(0).max(5),
  /** Replicas in other zones and automatic failover. */
  multiAz: z.boolean(),
  /** Days of daily cache snapshots; 0 for none. */
  snapshotRetentionDays: z.int().min(0).max(35),
});

const Backup = z.strictObject({
  /** Nobody, or only who may bypass governance, deletes a version within these days. @default no lock */
  objectLock: z
    .strictObject({ mode: z.enum(['governance', 'compliance']), days: z.int().min(1).max(36_500) })
    .optional(),
  /** Days for which the vault keeps an overwritten or deleted object's versions. */
  noncurrentVersionDays: z.int().min(1),
  snapshot: z.strictObject({
    schedule: ScheduleSchema,
    /** Days after which a manual snapshot may be pruned. */
    retentionDays: z.int().min(1),
    /** The newest successful ones are never pruned, whatever their age. */
    keepNewest: z.int().min(1).max(50),
  }),
  dump: z.strictObject({
    schedule: ScheduleSchema,
    /** `egress` needs NAT; `isolated` needs the endpoints of what the function calls. */
    subnets: z.enum(['egress', 'isolated']),
    /** What a restore is compared with, taken beside the dump and in its snapshot. */
    fingerprint: z
      .strictObject({
        /** That read at the same time; each keeps about a core of the server busy. */
        connections: z.int().min(1).max(16).default(2),
        /** Larger tables are counted and not hashed, and every proof says so. @default no limit */
        maxTableGiB: z.int().min(1).optional(),
      })
      .prefault({}),
    /**
     * Who takes it. `function`: Lambda, which has 15 minutes. `task`: a Fargate task, in parallel. `auto`: the
     * function, until a dump comes near its end of time; from then on the task.
     */
    runner: z.enum(['function', 'task', 'auto']).default('function'),
    /**
     * Who logs in to dump. `backup`: a login that reads every table and writes nothing. It cannot read through row-level
     * security, nor, before PostgreSQL 19, large objects that it was not granted, and RDS's admin may not let it: a
     * database that has either, now or later, is refused. So by default it is the `admin`, who reads what the product
     * owns.
     */
    login: z.enum(['admin', 'backup']).default('admin'),
  }),
  /** Which dumps stay. */
  retention: z
    .strictObject({
      schedule: ScheduleSchema.prefault({ minute: '0', hour: '5' }),
      policy: RetentionPolicy.prefault({}),
    })
    .prefault({}),
  /** Whether backups are in order: asked every hour. */
  monitor: z
    .strictObject({
      /** Of every hour. */
      minute: cronField('the minute', '10').default('10'),
      /** Where health begins to be a warning or critical. Whether a drill and a copy are required is known already. */
      limits: HealthLimits.omit({
        offsiteRequired: true,
        drillRequired: true,
        recoveryTimeObjectiveSeconds: true,
      }).prefault({}),
    })
    .prefault({}),
  /** The Fargate task that restores, drills, and dumps what is too large for a function. @default none */
  task: z
    .strictObject({
      /** Processor units, 1,024 to a core. */
      cpu: z.literal([1024, 2048, 4096, 8192, 16384]),
      memoryMiB: z.int().min(2048),
      /** Its disk, GiB: room for an archive and, in a drill, for the restored database beside it. */
      storageGiB: z.int().min(21).max(200),
    })
    .optional(),
  /** The restore drill. @default none */
  drill: z
    .strictObject({
      schedule: ScheduleSchema,
      /** Recovery time objective: a drill that takes longer is critical. */
      objectiveMinutes: z.int().min(1).default(30),
      /** Whether the newest snapshot is restored, too, into an instance of the same size. It costs what that costs. */
      snapshot: z.boolean().default(false),
      /** What a restored database must answer with true. */
      smoke: z.array(SmokeQuestion).default([]),
    })
    .optional(),
});

const Region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-central-1"');

const DisasterRecovery = z.strictObject({
  region: Region,
  /** The snapshots that GoLive makes, copied there. */
  snapshots: z.strictObject({
    /** Each run copies what is missing and prunes what has expired. */
    schedule: ScheduleSchema,
    /** Days after which a copy may be pruned, from when its data was captured. */
    retentionDays: z.int().min(1),
    /** Of each instance the newest complete ones are never pruned, whatever their age. */
    keepNewest: z.int().min(1).max(50),
  }),
  /** The dumps, which S3 replicates as they are made. What the vault deletes stays in its replica. */
  dumps: z.strictObject({
    /** When the replica is pruned. */
    schedule: ScheduleSchema,
    retention: RetentionPolicy,
  }),
});

export const EnvironmentSchema = z.strictObject({
  /** Names the Stage, the tags and the manifests; short, because it stands in other names. */
  name: z.string().regex(/^[a-z][a-z0-9-]{1,15}$/, '2 to 16 lower-case letters, digits and hyphens'),
  /** `production` is held to the guard rails. */
  tier: z.enum(['production', 'nonproduction']),
  account: z.string().regex(/^\d{12}$/, 'an AWS account id of 12 digits, as text'),
  region: Region,
  zones: z.array(z.string()).min(2).max(3),
  /** Where copies survive the loss of the region. @default none */
  disasterRecovery: DisasterRecovery.optional(),
  /** The product's own domain. @default none */
  domain: z
    .string()
    .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'a domain such as "golive.example"')
    .optional(),
  /** Whether CloudFormation refuses to delete the stacks that hold data. */
  terminationProtection: z.boolean(),
  /** What becomes of data when its resource leaves the template. A database that is not retained is snapshotted. */
  dataRemoval: z.enum(['retain', 'snapshot', 'destroy']),
  logRetentionDays: LogDays,
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  /**
   * Whether functions report their errors to Sentry, once its DSN is set: `golive secrets set sentry-dsn`. While this is
   * false none of them may read it. Those in the disaster recovery region need `secrets.replicate`.
   */
  sentry: z.boolean().default(false),
  /** Whom Sentry tells of what: `golive sentry apply` makes it so. @default whatever somebody has set there */
  sentryRules: SentryRules.optional(),
  network: Network,
  database: Database,
  cache: Cache,
  backup: Backup,
  secrets: Secrets.prefault({}),
  services: Services,
  edge: Edge,
  alarms: Alarms.prefault({}),
  alerting: Alerting.prefault({}),
  /** Who may look at this environment and deploy it from GitHub. @default nobody */
  delivery: Delivery.optional(),
});

/** What a file of `lib/config/` writes. */
export type EnvironmentInput = z.input<typeof EnvironmentSchema>;

/** A checked environment: what constructs read. */
export type EnvironmentConfig = z.output<typeof EnvironmentSchema>;
