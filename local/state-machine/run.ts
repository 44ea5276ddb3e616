import { setTimeout as delay } from 'node:timers/promises';
import {
  StateMachineError,
  type ChoiceState,
  type FailState,
  type StateMachine,
  type TaskState,
} from './definition';
import { fill, isPresent, place, valueAt, type PathScope } from './paths';
import { StateError } from './state-error';

export interface ExecutionOptions {
  readonly machine: StateMachine;
  readonly input: unknown;
  /** `$$.Execution` */
  readonly execution: { readonly Id: string; readonly Name: string; readonly StartTime: string };
  /**
   * Does what a Task's Resource names, such as `lambda:invoke`.
   *
   * @throws StateError
   */
  readonly call: (resource: string, parameters: unknown, signal: AbortSignal) => Promise<unknown>;
  /** Stops the execution, as StopExecution does. */
  readonly signal?: AbortSignal;
  /** Waits before a retry, and in a Wait state. @default waits */
  readonly pause?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

/** How an execution ended. */
export type ExecutionEnd =
  | { readonly status: 'SUCCEEDED'; readonly output: unknown }
  | { readonly status: 'FAILED'; readonly error?: string | undefined; readonly cause?: string | undefined }
  | { readonly status: 'TIMED_OUT' | 'ABORTED' };

/**
 * Runs a state machine as Step Functions would, the time limits of states and of the whole included. Two errors are
 * beyond `Catch`, as there: a path that leads to nothing, and the end of the execution's own time.
 *
 * @throws StateMachineError for what is not played here
 */
export async function runStateMachine(options: ExecutionOptions): Promise<ExecutionEnd> {
  const { machine } = options;
  const over = new AbortController();
  const timer =
    machine.TimeoutSeconds === undefined
      ? undefined
      : setTimeout(() => over.abort(), machine.TimeoutSeconds * 1000);
  const signal = AbortSignal.any([over.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    return await walk(options, signal);
  } catch (error) {
    if (over.signal.aborted) return { status: 'TIMED_OUT' };
    if (signal.aborted) return { status: 'ABORTED' };
    if (error instanceof StateError) return { status: 'FAILED', error: error.error, cause: error.failure };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function walk(options: ExecutionOptions, signal: AbortSignal): Promise<ExecutionEnd> {
  const context = { Execution: { ...options.execution, Input: options.input } };
  let name = options.machine.StartAt;
  let input = options.input;
  for (;;) {
    const state = options.machine.States[name];
    const scope = {
      input,
      context: { ...context, State: { Name: name, EnteredTime: new Date().toISOString() } },
    };
    switch (state?.Type) {
      case 'Succeed':
        return { status: 'SUCCEEDED', output: input };
      case 'Fail':
        return { status: 'FAILED', ...ofFail(state, scope) };
      case 'Wait':
        await waiting(options)(state.Seconds, signal);
        name = state.Next;
        break;
      case 'Choice':
        name = choose(state, scope);
        break;
      case 'Task': {
        const { output, next } = await runTask(state, scope, options, signal);
        if (next === undefined) return { status: 'SUCCEEDED', output };
        [input, name] = [output, next];
        break;
      }
      case undefined:
        throw new StateMachineError(`there is no state ${name}: correct its name`);
    }
  }
}

async function runTask(
  state: TaskState,
  scope: PathScope,
  options: ExecutionOptions,
  signal: AbortSignal,
): Promise<{ output: unknown; next: string | undefined }> {
  const { call } = options;
  const pause = waiting(options);
  const attempts = new Map<object, number>();
  for (;;) {
    try {
      const parameters = fill(state.Parameters ?? scope.input, scope);
      const result = await within(state.TimeoutSeconds, signal, (until) =>
        call(state.Resource, parameters, until),
      );
      const selected =
        state.ResultSelector === undefined ? result : fill(state.ResultSelector, { ...scope, input: result });
      return { output: place(selected, state.ResultPath, scope.input), next: state.Next };
    } catch (error) {
      if (signal.aborted || !(error instanceof StateError)) throw error;
      const retrier = state.Retry.find(({ ErrorEquals }) => matches(ErrorEquals, error));
      const tried = retrier ? (attempts.get(retrier) ?? 0) : 0;
      if (retrier && tried < retrier.MaxAttempts) {
        attempts.set(retrier, tried + 1);
        await pause(retrier.IntervalSeconds * retrier.BackoffRate ** tried, signal);
        continue;
      }
      const catcher = state.Catch.find(({ ErrorEquals }) => matches(ErrorEquals, error));
      if (!catcher) throw error;
      const caught = { Error: error.error, Cause: error.failure };
      return { output: place(caught, catcher.ResultPath, scope.input), next: catcher.Next };
    }
  }
}

function waiting({ pause }: ExecutionOptions): NonNullable<ExecutionOptions['pause']> {
  return pause ?? ((seconds, until) => delay(seconds * 1000, undefined, { signal: until }));
}

/** `States.ALL` does not match what the execution cannot go on after; `States.TaskFailed` matches all but a time-out. */
function matches(names: readonly string[], { error }: StateError): boolean {
  if (error === 'States.Runtime') return names.includes(error);
  return (
    names.includes(error) ||
    names.includes('States.ALL') ||
    (names.includes('States.TaskFailed') && error !== 'States.Timeout')
  );
}

async function within<T>(
  seconds: number | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const until = AbortSignal.any([signal, late.signal]);
  const timer = seconds === undefined ? undefined : setTimeout(() => late.abort(), seconds * 1000);
  const aborted = new Promise<never>((_resolve, reject) => {
    const give = () => reject(new StateError('States.Timeout', ''));
    if (until.aborted) give();
    else until.addEventListener('abort', give, { once: true });
  });
  try {
    return await Promise.race([work(until), aborted]);
  } finally {
    clearTimeout(timer);
  }
}

function choose({ Choices, Default }: ChoiceState, scope: PathScope): string {
  const chosen = Choices.find(({ Variable, StringEquals, IsPresent }) =>
    IsPresent === undefined
      ? valueAt(Variable, scope) === StringEquals
      : isPresent(Variable, scope) === IsPresent,
  );
  const next = chosen?.Next ?? Default;
  if (next === undefined)
    throw new StateError('States.NoChoiceMatched', 'no choice matched, and there is no default');
  return next;
}

function ofFail({ Error, Cause, CausePath }: FailState, scope: PathScope) {
  return { error: Error, cause: CausePath === undefined ? Cause : String(valueAt(CausePath, scope)) };
}
