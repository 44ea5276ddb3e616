import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { saidBy } from '../core/shared/errors';
import { StepFunctionsRefusal, type LocalStepFunctions } from './state-machine/step-functions';

const PREFIX = 'AWSStepFunctions.';

const StartExecution = z.object({
  stateMachineArn: z.string(),
  name: z.string(),
  input: z.string().default('{}'),
});
const OfExecution = z.object({ executionArn: z.string() });

/** Whether a request is for Step Functions. */
export function isForStepFunctions({ headers }: IncomingMessage): boolean {
  return String(headers['x-amz-target']).startsWith(PREFIX);
}

/**
 * Answers StartExecution, DescribeExecution and StopExecution as Step Functions does. Whatever else is asked is refused,
 * so that it is not taken for done.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
 */
export async function answerStepFunctions(
  stepFunctions: LocalStepFunctions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const action = String(incoming.headers['x-amz-target']).slice(PREFIX.length);
  const [status, body] = await text(incoming)
    .then((json) => carryOut(stepFunctions, action, JSON.parse(json)))
    .then(
      (answer) => [200, answer] as const,
      (error: unknown) => [400, refusalOf(error)] as const,
    );
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  outgoing.end(JSON.stringify(body));
}

async function carryOut(stepFunctions: LocalStepFunctions, action: string, input: unknown): Promise<object> {
  switch (action) {
    case 'StartExecution': {
      const asked = StartExecution.parse(input);
      const { arn, startDate } = stepFunctions.start(asked.stateMachineArn, asked.name, asked.input);
      return { executionArn: arn, startDate: seconds(startDate) };
    }
    case 'DescribeExecution': {
      const { executionArn } = OfExecution.parse(input);
      const { machineArn, name, startDate, isRunning, ended, ...execution } =
        stepFunctions.execution(executionArn);
      const about = {
        executionArn,
        stateMachineArn: machineArn,
        name,
        input: execution.input,
        startDate: seconds(startDate),
      };
      if (isRunning) return { ...about, status: 'RUNNING' };
      const { end, stopDate } = await ended;
      const { status } = end;
      const how = status === 'SUCCEEDED' ? { output: JSON.stringify(end.output) } : end;
      return { ...about, ...how, status, stopDate: seconds(stopDate) };
    }
    case 'StopExecution':
      stepFunctions.stop(OfExecution.parse(input).executionArn);
      return { stopDate: seconds(new Date()) };
    default:
      throw new StepFunctionsRefusal(
        'UnknownOperationException',
        `the local platform does not play ${action} of Step Functions: teach local/step-functions-api.ts`,
      );
  }
}

function refusalOf(error: unknown): object {
  if (error instanceof StepFunctionsRefusal) return { __type: error.code, message: error.message };
  return { __type: 'ValidationException', message: saidBy(error) };
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}
