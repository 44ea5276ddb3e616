import { z } from 'zod';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type Provider } from '../provider';

const StateMachineProperties = z.object({
  DefinitionString: z.string(),
  StateMachineName: z.string().optional(),
  ...withoutEffect('LoggingConfiguration', 'RoleArn', 'Tags', 'TracingConfiguration'),
});

export const stateMachineProvider: Provider = {
  treatment: 'executed',
  note: 'its states are interpreted here when an execution is started; what a task would run begins as a process, if it is one of services/; nobody starts it on schedule',
  make(request, { stepFunctions, account, region }) {
    const { DefinitionString, StateMachineName } = strictly(StateMachineProperties, request);
    const name = StateMachineName ?? physicalName(request);
    const arn = `arn:aws:states:${region}:${account}:stateMachine:${name}`;
    stepFunctions.create(arn, DefinitionString);
    return Promise.resolve({ ref: arn, attributes: { Arn: arn, Name: name } });
  },
};
