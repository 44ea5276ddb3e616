import type * as z from 'zod';

/** A secret that a service uses, under the short name that the service gives it. */
export interface SecretDefinition {
  /** ARN, or name, at Secrets Manager; undefined where there is none, as on a developer's machine. */
  readonly id: string | undefined;
  /** What the secret must look like. Its output is what the accessors give. */
  readonly schema: z.ZodType;
  /** Whether the text is JSON, or is itself the value, as with a Sentry DSN. @default json */
  readonly format?: 'json' | 'text';
}

/** What each accessor gives, inferred from the schemas. */
export type SecretTypes<D extends Readonly<Record<string, SecretDefinition>>> = {
  readonly [Name in keyof D & string]: z.output<D[Name]['schema']>;
};
