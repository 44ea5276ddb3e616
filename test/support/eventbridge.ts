/**
 * The part of EventBridge that our rules use, as it is documented: patterns, and input transformers with their pitfalls.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */

export interface InputTransformer {
  readonly InputPathsMap: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
}

/** EventBridge would fail the invocation: what came out of the template is no JSON. */
export class InvalidInputError extends Error {}

/** Whether an event matches a pattern: lists of values, `prefix`, `exists`, `anything-but` a prefix. */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) return matchesField(pattern, event);
  if (typeof pattern !== 'object' || pattern === null) throw new Error('a pattern ends in lists');
  return Object.entries(pattern).every(([key, part]) =>
    matchesPattern(part, isObject(event) ? event[key] : undefined),
  );
}

function matchesField(matchers: readonly unknown[], value: unknown): boolean {
  const values = Array.isArray(value) ? value : [value];
  return matchers.some((matcher) => {
    if (!isObject(matcher)) return values.includes(matcher);
    const [[kind, operand] = []] = Object.entries(matcher);
    switch (kind) {
      case 'prefix':
        return values.some((one) => typeof one === 'string' && one.startsWith(String(operand)));
      case 'exists':
        return (value !== undefined) === operand;
      case 'anything-but': {
        const prefix = isObject(operand) ? operand['prefix'] : undefined;
        if (typeof prefix !== 'string') throw new Error(`not played: ${JSON.stringify(matcher)}`);
        // A field that is not there is not anything but something.
        return value !== undefined && values.every((one) => !String(one).startsWith(prefix));
      }
      default:
        throw new Error(`not played: ${JSON.stringify(matcher)}`);
    }
  });
}

/**
 * What a target is sent. A template that begins with a brace is JSON: there a placeholder by itself becomes a JSON value,
 * one between quotes is put there as it is, unescaped; and what comes out must be JSON. Any other template is text. A path
 * that leads to nothing leaves nothing.
 *
 * @throws InvalidInputError
 */
export function transform({ InputPathsMap, InputTemplate }: InputTransformer, event: unknown): string {
  const isJson = InputTemplate.startsWith('{');
  let isQuoted = false;
  const text = InputTemplate.replaceAll(/\\.|"|<([\w.-]+)>|</g, (part, name?: string) => {
    if (part === '"') isQuoted = !isQuoted;
    if (part === '<') throw new InvalidInputError('an angle bracket that is no placeholder');
    if (name === undefined) return part;
    const path = InputPathsMap[name];
    if (path === undefined) throw new InvalidInputError(`no path for <${name}>`);
    const value = valueAt(path, event);
    if (value === undefined) return '';
    if (isQuoted || !isJson) return typeof value === 'string' ? value : JSON.stringify(value);
    return JSON.stringify(value);
  });
  if (!isJson) return text;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new InvalidInputError(text, { cause: error });
  }
}

function valueAt(path: string, event: unknown): unknown {
  if (!/^\$(\.[\w-]+|\[\d+\])+$/.test(path)) throw new Error(`not played: ${path}`);
  return [...path.matchAll(/\.([\w-]+)|\[(\d+)\]/g)].reduce<unknown>(
    (value, [, name, index]) =>
      isObject(value) || Array.isArray(value)
        ? (value as Record<string, unknown>)[name ?? String(index)]
        : undefined,
    event,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
