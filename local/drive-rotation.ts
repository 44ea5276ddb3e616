import type { RotationStep } from '../core/secrets/rotation';
import { GoLiveError } from '../core/shared/errors';
import type { LocalRotation, PlatformParts } from './cloudformation/provider';
import type {
  Invocation,
  InvocationOverrides,
  LocalFunction,
  RunningInvocation,
} from './lambda/local-function';
import { rotateSecret, type RotateSecret, type Rotated } from './rotation';

export interface RotateOverrides extends InvocationOverrides {
  /** How often the four steps are begun. @default 3 */
  readonly attempts?: number;
  /** Called as each step starts, so that a test can reach its process. */
  readonly onInvocation?: (running: RunningInvocation, step: RotationStep) => void;
  /** Called before each step. */
  readonly onStep?: (step: RotationStep, attempt: number) => void | Promise<void>;
}

/** A rotation that ended well, and what its function did. */
export interface PlatformRotation extends Rotated {
  readonly invocations: readonly Invocation[];
}

/** A step of a rotation whose function failed, with what the function said. */
export class RotationStepError extends GoLiveError {
  readonly code = 'RotationStepError';

  constructor(
    message: string,
    readonly invocation: Invocation,
  ) {
    super(message);
  }
}

/** How a rotation that somebody asks for is begun, and told of. */
export interface Begin {
  readonly token?: string | undefined;
  readonly onBegun?: RotateSecret['onBegun'];
}

/** Runs a function once. */
export type StartFunction = (
  fn: LocalFunction,
  event: unknown,
  overrides: InvocationOverrides,
) => RunningInvocation;

/** Rotates a secret as Secrets Manager would, by the function that is deployed for it. */
export async function driveRotation(
  { functions, clients: { secretsManager } }: Pick<PlatformParts, 'functions' | 'clients'>,
  { secretArn, functionArn }: LocalRotation,
  start: StartFunction,
  { attempts, onInvocation, onStep, token, onBegun, ...overrides }: RotateOverrides & Begin,
): Promise<PlatformRotation> {
  const fn = functions.get(functionArn)!;
  const invocations: Invocation[] = [];
  const rotated = await rotateSecret({
    secretsManager,
    secretId: secretArn,
    ...(attempts !== undefined && { attempts }),
    ...(onStep && { onStep }),
    ...(token !== undefined && { token }),
    ...(onBegun && { onBegun }),
    invoke: async (event) => {
      const invocation = start(fn, event, overrides);
      onInvocation?.(invocation, event.Step as RotationStep);
      const finished = await invocation.finished;
      invocations.push(finished);
      if (finished.error)
        throw new RotationStepError(`${event.Step}: ${finished.error.errorMessage}`, finished);
    },
  });
  return { ...rotated, invocations };
}
