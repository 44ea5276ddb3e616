import { StateError } from './state-error';
import { StateMachineError } from './definition';

/** What paths look into: the state's input, and the execution that it is of. */
export interface PathScope {
  readonly input: unknown;
  readonly context: unknown;
}

/**
 * What a path or an intrinsic function gives: `$.a.b`, `$$.Execution.Name`, `States.JsonToString($.a)`.
 *
 * @throws StateError `States.Runtime` where there is nothing, as Step Functions has it; StateMachineError for a path
 *   that is not known here
 */
export function valueAt(path: string, scope: PathScope): unknown {
  const inner = /^States\.JsonToString\((.+)\)$/.exec(path)?.[1];
  if (inner !== undefined) return JSON.stringify(valueAt(inner, scope));
  const value = find(path, scope);
  if (value === undefined) {
    throw new StateError(
      'States.Runtime',
      `the path ${path} leads to nothing in ${JSON.stringify(scope.input)}`,
    );
  }
  return value;
}

/** Whether there is something at a path. */
export function isPresent(path: string, scope: PathScope): boolean {
  return find(path, scope) !== undefined;
}

function find(path: string, { input, context }: PathScope): unknown {
  if (!/^\$\$?(\.\w+)*$/.test(path)) {
    throw new StateMachineError(
      `the local platform does not know the path ${path}: teach it in local/state-machine`,
    );
  }
  const [root, ...names] = path.split('.');
  return names.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
    root === '$$' ? context : input,
  );
}

/** A payload template with its paths filled in: keys that end in `.$`. */
export function fill(template: unknown, scope: PathScope): unknown {
  if (Array.isArray(template)) return template.map((item) => fill(item, scope));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$') ? [key.slice(0, -2), valueAt(String(value), scope)] : [key, fill(value, scope)],
    ),
  );
}

/** The input with a result put into it. Null: the result is dropped. */
export function place(result: unknown, path: string | null, input: unknown): unknown {
  if (path === null) return input;
  if (path === '$') return result;
  const name = /^\$\.(\w+)$/.exec(path)?.[1];
  if (name === undefined || typeof input !== 'object' || input === null) {
    throw new StateMachineError(
      `the local platform puts no result at ${path}: teach it in local/state-machine`,
    );
  }
  return { ...input, [name]: result };
}
