import { inspect } from 'node:util';

/** What is shown in a secret's place. */
export const SENSITIVE = '[sensitive]';

/**
 * A value that nothing prints: no log, no template string, no JSON, no inspector, no copy of an error's fields. Only
 * {@link Sensitive.reveal} gives it, so that a search for `reveal(` finds each place that sees a secret.
 *
 * The value lies in a private field. Unlike a property that is not enumerable, that is out of reach of spreading,
 * `structuredClone`, `util.inspect` with `showHidden`, and of serialisers that do not ask for `toJSON`.
 */
export class Sensitive<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value. Give it to who needs it, and keep no copy. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return SENSITIVE;
  }

  toLocaleString(): string {
    return SENSITIVE;
  }

  toJSON(): string {
    return SENSITIVE;
  }

  /** For `${secret}`, `secret + ''` and comparisons. */
  [Symbol.toPrimitive](): string {
    return SENSITIVE;
  }

  /** For `console.log`, assertion messages and the REPL. */
  [inspect.custom](): string {
    return SENSITIVE;
  }
}

/** A secret's value, and which version of the secret it is: that is no secret, and says what failed or worked. */
export class SecretValue<T> extends Sensitive<T> {
  constructor(
    value: T,
    /** The version's id at Secrets Manager, or {@link ENVIRONMENT_VERSION}. */
    readonly version: string,
    /** When the version was made, where that is known. */
    readonly createdAt: Date | undefined,
  ) {
    super(value);
  }
}

/** The version of a value that did not come from Secrets Manager. */
export const ENVIRONMENT_VERSION = 'environment';
