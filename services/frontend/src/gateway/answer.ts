/** Why the gateway gave no value. None of them is an error of who asked, so each is a value and not thrown. */
export type Refusal =
  /** No session, or none that still holds. */
  | { readonly kind: 'signed-out' }
  /** The address or the password is wrong; which of them is not said. */
  | { readonly kind: 'wrong-credentials' }
  | { readonly kind: 'too-many'; readonly retryAfterSeconds: number }
  /** Away, or not understood: {@link GatewayError} has been logged. */
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

export type Answer<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal };

export function given<Value>(value: Value): Answer<Value> {
  return { ok: true, value };
}

export function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

/**
 * All the values, or what the person has to be told first: that nobody is signed in comes before everything else, for then
 * the other answers say nothing.
 */
export function together<Values extends readonly unknown[]>(answers: {
  readonly [Index in keyof Values]: Answer<Values[Index]>;
}): Answer<Values> {
  const order: readonly Refusal['kind'][] = ['signed-out', 'wrong-credentials', 'too-many', 'unavailable'];
  const refusals = answers.flatMap((answer: Answer<unknown>) => (answer.ok ? [] : [answer.refusal]));
  const first = refusals.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))[0];
  if (first !== undefined) return refused(first);
  return given(answers.map((answer: Answer<unknown>) => answer.ok && answer.value) as unknown as Values);
}
