import * as z from 'zod';

/** How far an invocation may name an instant in the future: clocks differ, years should not. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** An invocation of a scheduled function, by its schedule or by a person. */
export interface ScheduledEvent {
  readonly trigger: 'schedule' | 'on-demand';
  /** The instant that the work is for, UTC. A redelivery carries the same instant and so means the same work. */
  readonly scheduledFor: Date;
  /** EventBridge's id of the event; absent on demand. */
  readonly eventId?: string;
  /** Why a person asked for it. */
  readonly reason?: string;
}

const Instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/**
 * What EventBridge sends to the target of a scheduled rule.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
 */
const BySchedule = z
  .object({
    id: z.string().min(1),
    time: Instant,
    source: z.enum(['aws.events', 'aws.scheduler']),
    'detail-type': z.literal('Scheduled Event'),
    resources: z.array(z.string()),
  })
  .transform(({ id, time }): ScheduledEvent => ({ trigger: 'schedule', scheduledFor: time, eventId: id }));

/** What a person sends. Strict, so that a misspelt `time` is not taken for "now". */
const OnDemand = z
  .strictObject({
    time: Instant.refine(
      (time) => time.getTime() <= Date.now() + CLOCK_SKEW_MS,
      'lies in the future',
    ).optional(),
    reason: z.string().min(1).max(200).optional(),
  })
  .transform(({ time, reason }): ScheduledEvent => ({
    trigger: 'on-demand',
    scheduledFor: time ?? new Date(),
    ...(reason !== undefined && { reason }),
  }));

/**
 * EventBridge's scheduled event, or `{ "time"?: "2026-05-01T03:00:00Z", "reason"?: "before the migration" }` on
 * demand. On demand without a time means now, so Lambda's retry of that one means a new instant.
 */
export const ScheduledEvent = z.record(z.string(), z.unknown()).transform((input, ctx): ScheduledEvent => {
  // By hand rather than by `z.union`, whose error says "Invalid input" and no more.
  const schema = 'detail-type' in input || 'source' in input ? BySchedule : OnDemand;
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) {
    ctx.issues.push({ code: 'custom', path: [...path], message, input });
  }
  return z.NEVER;
});

/** Whether a raw event is a schedule's, before anything else is known of it. */
export function isBySchedule(event: unknown): boolean {
  return BySchedule.safeParse(event).success;
}
