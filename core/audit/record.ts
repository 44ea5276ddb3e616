import * as z from 'zod';

/** What is audited. A reader accepts other words too: a newer version may know more. */
export const AUDIT_ACTIONS = [
  'backup.create',
  'backup.verify',
  'backup.restore',
  'backup.prune',
  'backup.drill',
  'secret.rotate',
  'secret.rollback',
  'secret.set',
  'secret.reveal',
  'sentry.apply',
  'alarm.test',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who acts, as `sts:GetCallerIdentity` says it: not what a user name or a tag claims. */
export const CallerIdentity = z.strictObject({
  account: z.string().min(1),
  /** Of a role, with the session's name, which is often the person's. */
  arn: z.string().min(1),
  userId: z.string().min(1),
});

export type CallerIdentity = z.output<typeof CallerIdentity>;

const Json = z.json();

/** One thing that was done: who, what, to what, when, how long, with what result. */
export const AuditRecord = z.strictObject({
  auditVersion: z.literal(1),
  id: z.uuid(),
  who: CallerIdentity,
  action: z.string().regex(/^[a-z]+(\.[a-z-]+)+$/),
  /** What it was done to, such as `dump shop/20261123T020000Z` or a secret's ARN. */
  target: z.string().min(1),
  /** The environment's name, such as `prod`. */
  environment: z.string().min(1),
  startedAt: z.iso.datetime(),
  durationMilliseconds: z.int().min(0),
  outcome: z.enum(['succeeded', 'failed']),
  /** Of what failed; the message is scrubbed. */
  error: z.strictObject({ code: z.string().min(1), message: z.string() }).optional(),
  /** Lambda's request id, or what stands for it in a task and on the command line. */
  requestId: z.string().min(1),
  toolVersion: z.string().min(1),
  /** Whatever helps to understand it later, scrubbed. */
  details: z.record(z.string(), Json),
});

export type AuditRecord = z.output<typeof AuditRecord>;
