import * as z from 'zod';

/** Who looks after something, as Sentry gives it. */
export const Owner = z.object({ type: z.enum(['team', 'user']), id: z.string() }).nullish();

/** As Sentry takes it: `team:12`. */
export function ownerText(owner: z.output<typeof Owner>): string | null {
  return owner ? `${owner.type}:${owner.id}` : null;
}
