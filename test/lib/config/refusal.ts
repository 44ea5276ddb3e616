/** A field of production by its path, and what it becomes; `undefined` removes it. */
export type Change = readonly [path: string, value: unknown];

/** What is changed, and the whole of what is said about it: field, what it got, what is allowed. */
export type Refusal = readonly [what: string, changes: readonly Change[], problem: RegExp];
