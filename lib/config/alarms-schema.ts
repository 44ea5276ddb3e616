import { z } from 'zod';

const Percent = z.number().min(1).max(100);

/**
 * When an alarm sounds. The defaults are the field's (AWS's recommended alarms and what others publish); an environment says
 * what is different there. M of N is the alarm's own and stands beside it, with its reason.
 */
export const Alarms = z.strictObject({
  /** Where people read `docs/runbook.md`, without an anchor. @default in `delivery.repository`, and without one in this folder */
  runbookUrl: z
    .url({
      protocol: /^https$/,
      error: 'an https address such as "https://github.com/my-company/golive/blob/main/docs/runbook.md"',
    })
    .max(200)
    .optional(),
  edge: z
    .strictObject({
      /** A minute with fewer requests says nothing of a share or of a slowest hundredth. */
      trafficFloorPerMinute: z.int().min(1).default(20),
      /** Of a service's answers that were a 5xx. */
      targetErrorsPercent: Percent.default(5),
      /** That the load balancer answers for by itself. */
      ownErrorsPerMinute: z.int().min(1).default(5),
      /** The slowest hundredth of a service's answers. */
      slowSeconds: z.number().positive().default(1),
      /** ACM renews sixty days before the end: by then something has been wrong for weeks. */
      certificateDays: z.int().min(1).max(60).default(21),
    })
    .prefault({}),
  services: z
    .strictObject({
      /** Scaling has begun far below. Above it nothing is left for a task that falls. */
      cpuPercent: Percent.default(90),
      memoryPercent: Percent.default(90),
      /** For so long a deployment keeps the pages of its service back; one that takes longer is an alarm itself. */
      deploymentMinutes: z.int().min(5).max(60).default(15),
      /** How long a page waits for the news that a deployment is under way: Container Insights is a minute or two late. */
      quietWaitSeconds: z.int().min(60).max(600).default(120),
      /** How long pages are still kept back after it: what was counted meanwhile must leave their periods. */
      quietExtensionSeconds: z.int().min(60).max(900).default(180),
    })
    .prefault({}),
  database: z
    .strictObject({
      cpuPercent: Percent.default(90),
      /** Of the storage that the configuration names. RDS lets it grow at 10 %, so half an hour below is a growth that failed. */
      freeStorageLowPercent: Percent.default(10),
      /** From here on it is a matter of hours. */
      freeStorageFullPercent: Percent.default(5),
      /** Of the memory of the instance's class. */
      freeableMemoryPercent: Percent.default(25),
      /** Of what the instance takes. */
      connectionsPercent: Percent.default(90),
      /** Sessions that work or wait, for each processor. */
      loadPerProcessor: z.number().positive().default(1),
      /** RDS tells seconds: 0.020 are 20 ms. */
      readLatencySeconds: z.number().positive().max(1).default(0.02),
      writeLatencySeconds: z.number().positive().max(1).default(0.02),
      /** PostgreSQL stops writing at about 2.1 thousand million. */
      usedTransactionIds: z.int().min(200_000_000).max(2_000_000_000).default(1_000_000_000),
      /**
       * How much write-ahead log a replication slot may hold back. Only an instance with a read replica or with
       * `rds.logical_replication` has a slot, and ours has neither. @default no alarm
       */
      replicationSlotLagBytes: z.int().min(1).optional(),
      /** Of a t class: left over. */
      cpuCredits: z.int().min(1).default(20),
    })
    .prefault({}),
  cache: z
    .strictObject({
      engineCpuPercent: Percent.default(90),
      memoryHighPercent: Percent.default(80),
      memoryFullPercent: Percent.default(95),
      /** Of a replica behind its primary. */
      replicationLagSeconds: z.number().positive().default(1),
    })
    .prefault({}),
  functions: z
    .strictObject({
      /** Of a function's time-out. */
      durationPercent: Percent.default(80),
    })
    .prefault({}),
});
