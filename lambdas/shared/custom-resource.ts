import { createHash } from 'node:crypto';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { saidBy, GoLiveError } from '../../core/shared/errors';
import { scrubText } from '../../core/observability/scrub';
import { answerCloudFormation, refuseLong, type Answer } from './custom-resource-answer';
import type { Question } from './custom-resource-question';
import { type DefinedHandler, defineHandler, type Invocation } from './define-handler';

/** The work was not done in the function's time, and CloudFormation was told so. */
export class CustomResourceTimeoutError extends GoLiveError {
  readonly code = 'CustomResourceTimeoutError';
}

/** The template gives the resource properties that it cannot be made with. Nothing was done. */
export class InvalidPropertiesError extends GoLiveError {
  readonly code = 'InvalidPropertiesError';
}

const Envelope = z.object({
  ResponseURL: z.url({ protocol: /^https?$/ }),
  StackId: z.string().min(1),
  RequestId: z.string().min(1),
  LogicalResourceId: z.string().min(1),
  /** CloudFormation gives it back from the first answer on. */
  PhysicalResourceId: z.string().min(1).optional(),
});

type Envelope = z.output<typeof Envelope>;

const Properties = z.record(z.string(), z.unknown());

/**
 * What CloudFormation sends to the function of a custom resource.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export const CustomResourceEvent = z.discriminatedUnion('RequestType', [
  Envelope.extend({ RequestType: z.literal('Create'), ResourceProperties: Properties }),
  Envelope.extend({
    RequestType: z.literal('Update'),
    PhysicalResourceId: z.string().min(1),
    ResourceProperties: Properties,
    OldResourceProperties: Properties,
  }),
  Envelope.extend({
    RequestType: z.literal('Delete'),
    PhysicalResourceId: z.string().min(1),
    ResourceProperties: Properties,
  }),
]);

export type CustomResourceEvent = z.output<typeof CustomResourceEvent>;

/** What the work of a custom resource is given: the invocation without the event, for its URL lets anybody answer. */
export interface CustomResourceRequest<Environment, Props> extends Omit<
  Invocation<Environment, CustomResourceEvent>,
  'event'
> {
  readonly properties: Props;
}

export interface CustomResourceDefinition<Environment extends z.ZodType, Props extends z.ZodType> {
  /** The function's folder under `lambdas/`: `secrets/bootstrap`. */
  readonly name: string;
  readonly environment: Environment;
  /** CloudFormation passes each scalar as text. */
  readonly properties: Props;
  /** Makes the resource, or what is missing of it: CloudFormation may deliver an event twice. */
  readonly create: Work<Environment, Props>;
  /** @param before the earlier properties; undefined where they are none that we understand */
  readonly update: (
    request: CustomResourceRequest<z.output<Environment>, z.output<Props>>,
    before: z.output<Props> | undefined,
  ) => Promise<CustomResourceResult>;
  /** Takes it back. Is not called for what was never made. */
  readonly delete: Work<Environment, Props>;
}

type Work<Environment extends z.ZodType, Props extends z.ZodType> = (
  request: CustomResourceRequest<z.output<Environment>, z.output<Props>>,
) => Promise<CustomResourceResult>;

export interface CustomResourceResult {
  /** For `Fn::GetAtt`, and so for everybody who may see the stack: never a secret. */
  readonly data?: Readonly<Record<string, string>>;
  /**
   * Gives the question to somebody who answers it later, because the work takes longer than a function may. Only a work
   * that asks for it sees the URL. When it throws, CloudFormation is answered FAILED here.
   */
  readonly handOver?: (question: Question, url: string) => Promise<void>;
}

/** What one invocation did. Not the answer: that went to CloudFormation. */
export interface CustomResourceOutcome {
  readonly requestType: CustomResourceEvent['RequestType'];
  readonly physicalResourceId: string;
}

/** An id of what does not exist: CloudFormation wants one in each answer, and deletes by it what failed to be made. */
const NEVER_MADE = 'never-made-';

/** Before Lambda's end: what `defineHandler` keeps for its last words, 3 s, and as much again for the answer and more. */
const ANSWER_MS = 9_000;

/**
 * Defines the function of a custom resource, as {@link defineHandler} and with CloudFormation's protocol: it is always
 * answered, and before Lambda ends the process, or the stack would hang for an hour. What fails is answered as FAILED
 * with its scrubbed message, and then rethrown, so that it is logged, counted and reported as with every function. So
 * its asynchronous invocation must have no retries: CloudFormation has its answer and goes on.
 *
 * CDK's own framework for this brings functions that are not ours: another architecture, no alarms, no log retention.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
 */
export function defineCustomResource<Environment extends z.ZodType, Props extends z.ZodType>(
  definition: CustomResourceDefinition<Environment, Props>,
): DefinedHandler<CustomResourceOutcome> {
  // Of invocations: Lambda gives the same request id to a retry, and each is a new call of ours.
  const answered = new WeakSet<Context>();
  const handler = defineHandler({
    name: definition.name,
    environment: definition.environment,
    event: CustomResourceEvent,
    run: async ({ event, ...invocation }) => {
      const physicalResourceId = event.PhysicalResourceId ?? newPhysicalId(event);
      const answer = async (outcome: Outcome) => {
        // Whether it arrives or not: a second one would be a second opinion.
        answered.add(invocation.context);
        await answerCloudFormation(answerTo(event, outcome), {
          url: event.ResponseURL,
          until: new Date(invocation.deadline.getTime() - ANSWER_MS / 3),
        });
      };
      let outcome: Outcome;
      try {
        const until = new Date(invocation.deadline.getTime() - ANSWER_MS);
        const { data, handedOver } = await within(
          until,
          definition.name,
          invocation.signal,
          async (signal) => {
            const { handOver, ...result } = await work(definition, event, { ...invocation, signal });
            await handOver?.(questionOf(event), event.ResponseURL);
            return { ...result, handedOver: handOver !== undefined };
          },
        );
        if (handedOver) {
          answered.add(invocation.context);
          return { requestType: event.RequestType, physicalResourceId };
        }
        outcome = { physicalResourceId, data };
        refuseLong(answerTo(event, outcome));
      } catch (error) {
        await answer({ physicalResourceId: idOfFailed(event), error }).catch((unanswered: Error) => {
          unanswered.cause = error;
          throw unanswered;
        });
        throw error;
      }
      await answer(outcome);
      return { requestType: event.RequestType, physicalResourceId };
    },
  });
  return async (event, context) => {
    try {
      return await handler(event, context);
    } catch (error) {
      // The environment or the event was refused before our own part began.
      if (!answered.has(context)) await answerAnyway(event, error, context);
      throw error;
    }
  };
}

async function work<Environment extends z.ZodType, Props extends z.ZodType>(
  definition: CustomResourceDefinition<Environment, Props>,
  event: CustomResourceEvent,
  invocation: Omit<Invocation<z.output<Environment>, CustomResourceEvent>, 'event'>,
): Promise<CustomResourceResult> {
  if (event.RequestType === 'Delete' && event.PhysicalResourceId.startsWith(NEVER_MADE)) return {};
  const parsed = definition.properties.safeParse(event.ResourceProperties);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'they'}: ${message}`,
    );
    throw new InvalidPropertiesError(
      `${definition.name} refused the resource's properties: ${problems.join('; ')}; correct them where the stack makes the resource, and deploy again`,
    );
  }
  const request = { ...invocation, properties: parsed.data };
  if (event.RequestType === 'Create') return await definition.create(request);
  if (event.RequestType === 'Delete') return await definition.delete(request);
  const before = definition.properties.safeParse(event.OldResourceProperties);
  return await definition.update(request, before.success ? before.data : undefined);
}

/** The work's result, or a failure when it is not there in time: then the work is told to end, too. */
async function within<T>(
  limit: Date,
  name: string,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const late = new CustomResourceTimeoutError(
    `time ran out: ${name} was not done when its function had to answer; see in its log what it waited for, and deploy again`,
  );
  const timer = setTimeout(() => over.abort(late), Math.max(0, limit.getTime() - Date.now()));
  const aborted = new Promise<never>((_resolve, reject) =>
    over.signal.addEventListener('abort', () => reject(late), { once: true }),
  );
  try {
    return await Promise.race([run(AbortSignal.any([signal, over.signal])), aborted]);
  } finally {
    clearTimeout(timer);
  }
}

type Outcome =
  | { readonly physicalResourceId: string; readonly data: CustomResourceResult['data'] }
  | { readonly physicalResourceId: string; readonly error: unknown };

function answerTo({ StackId, RequestId, LogicalResourceId }: Envelope, outcome: Outcome): Answer {
  const base = { PhysicalResourceId: outcome.physicalResourceId, StackId, RequestId, LogicalResourceId };
  if ('error' in outcome) return { ...base, Status: 'FAILED', Reason: scrubText(saidBy(outcome.error)) };
  return { ...base, Status: 'SUCCESS', ...(outcome.data && { Data: outcome.data }) };
}

function questionOf(event: CustomResourceEvent): Question {
  const { StackId, RequestId, LogicalResourceId } = event;
  return {
    stackId: StackId,
    requestId: RequestId,
    logicalResourceId: LogicalResourceId,
    physicalResourceId: event.PhysicalResourceId ?? newPhysicalId(event),
    failedPhysicalResourceId: idOfFailed(event),
  };
}

/** The same for each delivery of the event, and then for the resource's life: another would mean a replacement. */
function newPhysicalId({ StackId, LogicalResourceId }: Envelope): string {
  return `${LogicalResourceId}-${createHash('sha256').update(StackId).digest('hex').slice(0, 12)}`;
}

function idOfFailed(event: CustomResourceEvent): string {
  return event.PhysicalResourceId ?? `${NEVER_MADE}${newPhysicalId(event)}`;
}

/** Best effort: what is not even an event of CloudFormation's has nobody to answer to. */
async function answerAnyway(event: unknown, error: unknown, context: Context): Promise<void> {
  const envelope = Envelope.safeParse(event);
  if (!envelope.success) return;
  const { PhysicalResourceId = `${NEVER_MADE}${newPhysicalId(envelope.data)}` } = envelope.data;
  const until = new Date(Date.now() + context.getRemainingTimeInMillis() - ANSWER_MS / 18);
  await answerCloudFormation(answerTo(envelope.data, { physicalResourceId: PhysicalResourceId, error }), {
    url: envelope.data.ResponseURL,
    until,
    // The failure that is being thrown is the one to see.
  }).catch(() => undefined);
}
