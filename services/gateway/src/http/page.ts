import * as z from 'zod';
import { ProblemError } from './problem';

/** What a list is asked for. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().min(1).max(100).optional().describe('`next` of the page before'),
});

export type PageQuery = z.output<typeof PageQuery>;

/** A list, newest first. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe('The cursor of the next page, if there is one'),
  });

/** How Prisma is to look: one more than asked for tells whether there is a next page. Ids are in the order of time. */
export function pageArguments({ limit, cursor }: PageQuery) {
  return {
    take: limit + 1,
    orderBy: { id: 'desc' },
    ...(cursor !== undefined && { where: { id: { lt: idIn(cursor) } } }),
  } as const;
}

export function pageOf<Row extends { readonly id: string }, Item>(
  rows: readonly Row[],
  { limit }: Pick<PageQuery, 'limit'>,
  toItem: (row: Row) => Item,
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(toItem), next: last ? Buffer.from(last.id).toString('base64url') : null };
}

function idIn(cursor: string): string {
  const id = z.uuid().safeParse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (id.success) return id.data;
  throw new ProblemError('invalid-request', 'The cursor is none that a list has given.', {
    errors: [{ pointer: '/querystring/cursor', detail: 'not a cursor' }],
  });
}
