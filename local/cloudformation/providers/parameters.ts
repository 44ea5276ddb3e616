import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { z } from 'zod';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type Provider } from '../provider';

const ParameterProperties = z.object({
  Name: z.string().optional(),
  Type: z.literal('String'),
  Value: z.string().min(1),
  Description: z.string().optional(),
  ...withoutEffect('Tags'),
});

export const parameterProvider: Provider = {
  treatment: 'executed',
  note: 'a parameter of the emulator',
  async make(request, { clients: { ssm } }) {
    const { Name = physicalName(request), Type, Value, Description } = strictly(ParameterProperties, request);
    await ssm.send(new PutParameterCommand({ Name, Type, Value, Description, Overwrite: true }));
    return { ref: Name, attributes: { Type, Value } };
  },
};
