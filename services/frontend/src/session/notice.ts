import * as z from 'zod';

/** What the sign-in page says above its form. */
export const Notice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('wrong-credentials'), email: z.string().max(254) }),
  z.object({ kind: z.literal('too-many'), email: z.string().max(254), retryAfterSeconds: z.int() }),
  z.object({
    kind: z.literal('unavailable'),
    email: z.string().max(254),
    retryAfterSeconds: z.int(),
    traceId: z.string().max(64),
  }),
  /** `revoked` is false when the gateway could not be told. */
  z.object({ kind: z.literal('signed-out'), revoked: z.boolean() }),
  z.object({ kind: z.literal('session-ended') }),
]);

export type Notice = z.output<typeof Notice>;

/** A notice waits for the next page in a cookie: in the address it would stay in histories and logs. */
export function encodeNotice(notice: Notice): string {
  return Buffer.from(JSON.stringify(notice)).toString('base64url');
}

/** The notice, or undefined when there is none that makes sense. */
export function decodeNotice(value: string | undefined): Notice | undefined {
  if (value === undefined || value.length > 2048) return undefined;
  try {
    return Notice.safeParse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
