import * as z from 'zod';
import { RUN_ENDS, type RunFailure } from '../../../core/services/migrations';
import { jsonOrUndefined } from '../../../core/shared/json';
import { MigrationRun } from '../migrate/run';

/** A run that has ended, whoever says so. */
export interface EndedRun {
  readonly executionName: string;
  readonly run: MigrationRun;
  /** Undefined when the database is migrated. */
  readonly failure: RunFailure | undefined;
  /** Whether everybody has been told of it already. */
  readonly isTold: boolean;
}

/** As a `Catch` of the state machine writes it. */
const Caught = z
  .object({ Error: z.string().default('unknown'), Cause: z.string().optional() })
  .transform(({ Error, Cause }): RunFailure => ({ error: Error, cause: Cause }));

/** From the state machine itself, as its last act but one. */
const FromStateMachine = z
  .object({ executionName: z.string().min(1), run: MigrationRun.extend({ failure: Caught.optional() }) })
  .transform(({ executionName, run: { failure, ...run } }): EndedRun => ({
    executionName,
    run,
    failure,
    isTold: false,
  }));

const Input = z.preprocess((text) => jsonOrUndefined(String(text)), MigrationRun);

/**
 * From EventBridge: of a run that was stopped, was out of time, or could not tell.
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
const FromEventBridge = z
  .object({
    source: z.literal('aws.states'),
    detail: z.object({
      name: z.string().min(1),
      status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
      input: Input,
      error: z.string().nullish(),
      cause: z.string().nullish(),
    }),
  })
  .transform(({ detail: { name, status, input, error, cause } }): EndedRun => ({
    executionName: name,
    run: input,
    failure: failureOf(status, error, cause),
    isTold: error === RUN_ENDS.told,
  }));

function failureOf(
  status: string,
  error: string | null | undefined,
  cause: string | null | undefined,
): RunFailure | undefined {
  if (error === RUN_ENDS.migratedUntold) return undefined;
  const caught = Caught.safeParse(jsonOrUndefined(cause ?? undefined));
  if (error === RUN_ENDS.failedUntold && caught.success) return caught.data;
  // Of a run that was stopped, the error is what whoever stopped it says, if anything.
  return { error: status === 'FAILED' ? (error ?? status) : status, cause: cause ?? undefined };
}

export const EndedRunEvent = z.union([FromStateMachine, FromEventBridge]);
