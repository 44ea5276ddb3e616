/** What a text holds as JSON; undefined, which JSON cannot say, when it is none. */
export function jsonOrUndefined(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
