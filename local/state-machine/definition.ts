import * as z from 'zod';
import { GoLiveError } from '../../core/shared/errors';

/** A state machine uses something of the Amazon States Language that the local platform does not play. */
export class StateMachineError extends GoLiveError {
  readonly code = 'StateMachineError';
}

const Retrier = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  IntervalSeconds: z.number().default(1),
  MaxAttempts: z.number().default(3),
  BackoffRate: z.number().default(2),
});

const Catcher = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  ResultPath: z.string().default('$'),
  Next: z.string(),
});

const Task = z.strictObject({
  Type: z.literal('Task'),
  Comment: z.string().optional(),
  Resource: z.string(),
  Parameters: z.unknown().optional(),
  TimeoutSeconds: z.number().optional(),
  ResultSelector: z.unknown().optional(),
  ResultPath: z.string().nullable().default('$'),
  Retry: z.array(Retrier).default([]),
  Catch: z.array(Catcher).default([]),
  Next: z.string().optional(),
  End: z.literal(true).optional(),
});

const Choice = z.strictObject({
  Type: z.literal('Choice'),
  Choices: z
    .array(
      z.strictObject({
        Variable: z.string(),
        StringEquals: z.string().optional(),
        IsPresent: z.boolean().optional(),
        Next: z.string(),
      }),
    )
    .min(1),
  Default: z.string().optional(),
});

const Fail = z.strictObject({
  Type: z.literal('Fail'),
  Error: z.string().optional(),
  Cause: z.string().optional(),
  CausePath: z.string().optional(),
});

/** Only by a number of seconds. */
const Wait = z.strictObject({ Type: z.literal('Wait'), Seconds: z.number().min(0), Next: z.string() });

const Succeed = z.strictObject({ Type: z.literal('Succeed') });

export type TaskState = z.output<typeof Task>;
export type ChoiceState = z.output<typeof Choice>;
export type FailState = z.output<typeof Fail>;

const StateMachine = z.strictObject({
  Comment: z.string().optional(),
  StartAt: z.string(),
  TimeoutSeconds: z.number().optional(),
  States: z.record(z.string(), z.discriminatedUnion('Type', [Task, Choice, Wait, Fail, Succeed])),
});

/** The part of the Amazon States Language that our state machines use. https://states-language.net/spec.html */
export type StateMachine = z.output<typeof StateMachine>;

/**
 * Refuses whatever would be dropped without a word otherwise, and a state that leads nowhere.
 *
 * @throws StateMachineError
 */
export function parseStateMachine(text: string): StateMachine {
  const parsed = StateMachine.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new StateMachineError(
      `the local platform does not play this state machine: ${z.prettifyError(parsed.error)}; teach it in local/state-machine`,
    );
  }
  const machine = parsed.data;
  const targets = [
    machine.StartAt,
    ...Object.values(machine.States).flatMap((state) => {
      if (state.Type === 'Task') return [state.Next ?? [], state.Catch.map(({ Next }) => Next)].flat();
      if (state.Type === 'Wait') return [state.Next];
      if (state.Type === 'Choice') return [state.Default ?? [], state.Choices.map(({ Next }) => Next)].flat();
      return [];
    }),
  ];
  const missing = targets.filter((name) => !Object.hasOwn(machine.States, name));
  if (missing.length > 0)
    throw new StateMachineError(`there is no state ${missing.join(', ')}: correct its name`);
  return machine;
}
