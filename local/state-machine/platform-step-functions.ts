import { saidBy } from '../../core/shared/errors';
import type { PlatformParts } from '../cloudformation/provider';
import { deliverEvent } from '../deliver-event';
import { callsTo } from './calls';
import { runLocalTask } from './run-local-task';
import { LocalStepFunctions, type EndedExecution, type LocalExecution } from './step-functions';

/**
 * Step Functions with what the platform has: its functions, its tasks, and the rules that wait for an execution's end.
 *
 * @param parts asked for when something runs: they hold what this gives
 */
export function platformStepFunctions(parts: () => PlatformParts): LocalStepFunctions {
  return new LocalStepFunctions({
    call: (resource, parameters, signal) => {
      const { functions, invoke } = parts();
      const runTask = (task: Parameters<typeof runLocalTask>[1], until: AbortSignal) =>
        runLocalTask(parts(), task, until);
      return callsTo({ runTask, functions, invoke })(resource, parameters, signal);
    },
    onEnded: async (execution, ended) => {
      const event = {
        source: 'aws.states',
        'detail-type': 'Step Functions Execution Status Change',
        resources: [execution.arn],
        detail: detailOf(execution, ended),
      };
      await deliverEvent(event, parts(), parts().invoke).catch((error: unknown) =>
        parts().progress(`the end of ${execution.name} was not heard of: ${saidBy(error)}`),
      );
    },
  });
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
function detailOf(
  { arn, machineArn, name, input, startDate }: LocalExecution,
  { end, stopDate }: EndedExecution,
): Record<string, unknown> {
  return {
    executionArn: arn,
    stateMachineArn: machineArn,
    name,
    status: end.status,
    startDate: startDate.getTime(),
    stopDate: stopDate.getTime(),
    input,
    output: end.status === 'SUCCEEDED' ? JSON.stringify(end.output) : null,
    error: end.status === 'FAILED' ? (end.error ?? null) : null,
    cause: end.status === 'FAILED' ? (end.cause ?? null) : null,
  };
}
