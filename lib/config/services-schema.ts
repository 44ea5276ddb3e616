import { z } from 'zod';

/** An image that is there already, by what is in it: a tag can be moved. */
const Image = z.strictObject({
  repository: z
    .string()
    .regex(
      /^(arn:aws:ecr:[a-z0-9-]+:\d{12}:repository\/)?[a-z0-9]+([._/-][a-z0-9]+)*$/,
      'a repository of ECR such as "golive/gateway", or its ARN where it is another account’s',
    ),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'the digest of the image, "sha256:" and 64 hexadecimal digits'),
});

/** When there are more tasks and when fewer, between `tasks.min` and `tasks.max`. */
const Scaling = z.strictObject({
  /** Of the processors, over all tasks. A task beyond it has room to take over from one that falls. */
  cpuPercent: z.int().min(20).max(90).default(60),
  /** Of the memory. Node gives little back, so it is a limit and no aim. */
  memoryPercent: z.int().min(20).max(90).default(80),
  /** Of the load balancer, in a minute and for each task. */
  requestsPerMinute: z.int().min(1).max(1_000_000),
});

/** How a task goes without losing a request; `services-rules.ts` has the sum. */
const Stop = z.strictObject({
  /** The load balancer sends nothing new and waits so long for what is under way. */
  drainSeconds: z.int().min(1).max(120).default(20),
  /** Then the service has so long to end by itself. */
  shutdownSeconds: z.int().min(1).max(115).default(20),
  /** After so long from SIGTERM on it is killed; 120 is Fargate's most. */
  killSeconds: z.int().min(2).max(120).default(30),
});

const WebService = z.strictObject({
  /** @default it is built from `services/<name>/Dockerfile` at deployment */
  image: Image.optional(),
  /** Processor units of a task, 1,024 to a core; the collector and the proxy of Service Connect have a share of them. */
  cpu: z.literal([256, 512, 1024, 2048, 4096]),
  /** Of a task; the collector has 256 MiB of it. */
  memoryMiB: z.int().min(512),
  tasks: z.strictObject({ min: z.int().min(1).max(100), max: z.int().min(1).max(500) }),
  /** How many of the tasks above `tasks.min` run on Fargate Spot, which AWS takes back with two minutes' warning. 100: all tasks do. */
  spotPercent: z.int().min(0).max(100).default(0),
  scaling: Scaling,
  stop: Stop.prefault({}),
});

const Observability = z.strictObject({
  /** Whether traces and the services' own metrics are collected. With false there is no trace of it in the template. */
  enabled: z.boolean().default(true),
  /**
   * `xray`: X-Ray's own segments. `otlp`: OTLP to CloudWatch, for which the account needs Transaction Search switched on.
   */
  exporter: z.enum(['xray', 'otlp']).default('xray'),
  /** The share of requests that are traced, 0 to 1. */
  sampleRatio: z.number().min(0).max(1),
  /** Of the traces that begin in a task at most so many are recorded in a second. @default no limit */
  tracesPerSecond: z.int().min(1).optional(),
  collector: z
    .strictObject({
      /** A mirror of the image, for subnets from which the public registry cannot be reached. @default the public one */
      image: Image.optional(),
      cpu: z.int().min(64).max(128).default(64),
      memoryMiB: z.int().min(256).max(512).default(256),
    })
    .prefault({}),
});

/** What runs on Fargate: the gateway, the frontend and what they share. */
export const Services = z.strictObject({
  /**
   * `egress`: behind NAT. `isolated`: with endpoints for all that is called. `public`: with addresses of the internet and
   * groups that let nobody in but the load balancer; for environments without NAT.
   */
  subnets: z.enum(['egress', 'isolated', 'public']),
  /** What CloudWatch measures of clusters, services and tasks. `enhanced` knows containers, too, and costs more. */
  containerInsights: z.enum(['enabled', 'enhanced', 'disabled']).default('enabled'),
  /** Whether a person may open a shell in a running task: `aws ecs execute-command`. */
  shell: z.boolean().default(false),
  gateway: WebService.extend({
    /** At most so many connections to PostgreSQL are open from one task. */
    databaseConnections: z.int().min(1).max(100).default(10),
    /** The life of a token. */
    tokenMinutes: z.int().min(1).default(60),
  }),
  frontend: WebService,
  observability: Observability,
});
