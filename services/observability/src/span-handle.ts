/** What a span is told. Never a secret, never a person's data. Undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** The span that a function runs in. */
export interface SpanHandle {
  annotate(attributes: Attributes): void;
}

/** What a function is given where nothing is recorded. */
export const NO_SPAN: SpanHandle = Object.freeze({ annotate: () => undefined });
