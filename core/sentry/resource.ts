/** What there is of Sentry's that we keep as it should be, in the order in which it is made so: protection first. */
export const KINDS = [
  'organization scrubbing',
  'project scrubbing',
  'cron monitor',
  'uptime monitor',
  'metric monitor',
  'alert',
] as const;
export type Kind = (typeof KINDS)[number];

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** As Sentry's API takes and gives them, but for what is not ours to say; sorted where order means nothing. */
export type Fields = { readonly [name: string]: Json };

/** What somebody will find in Sentry. */
export interface Resource {
  readonly kind: Kind;
  /** By it the same thing is known on both sides; for settings, whose they are. */
  readonly key: string;
  /** What people see. */
  readonly name: string;
  readonly fields: Fields;
}

export interface ActualResource extends Resource {
  /** By which the API names it. */
  readonly id: string;
  /** When it was made, for settings never: of two that are alike the older one stays. */
  readonly createdAt: string;
}

/** What could be there, and is not asked for. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** JSON whose text is the same whatever the order of its properties. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** In an order that depends on what they say alone: Sentry gives conditions back as it likes. */
export function sorted<T extends Json>(items: readonly T[]): T[] {
  return [...items].sort((one, other) => (canonical(one) < canonical(other) ? -1 : 1));
}
