import type { PlatformParts } from '../../local/cloudformation/provider';
import { PROVIDERS } from '../../local/cloudformation/providers';
import { alertingOf } from '../lib/alerting/alerting-of';

const { Resources } = alertingOf().toJSON() as {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
};

test('the local platform knows every type of a stack with every route', () => {
  const types = new Set(Object.values(Resources).map(({ Type }) => Type));

  expect([...types].filter((type) => !(type in PROVIDERS))).toEqual([]);
});

/** `<logical id>.<attribute>` of every `Fn::GetAtt` in a template. */
function attributesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const named = (value as { 'Fn::GetAtt'?: [string, string] })['Fn::GetAtt'];
  return named ? [named.join('.')] : Object.values(value).flatMap(attributesIn);
}

test('what has no behaviour here has the attributes that the template asks for', async () => {
  const asked = [...new Set(attributesIn(Resources))].map((name) => name.split('.') as [string, string]);
  const told = await Promise.all(
    asked.map(async ([logicalId, attribute]) => {
      const { Type, Properties = {} } = Resources[logicalId]!;
      const provider = PROVIDERS[Type]!;
      if (provider.treatment !== 'modelled') return undefined;
      const request = {
        stack: 'prod-Alerting',
        logicalId,
        path: logicalId,
        type: Type,
        properties: Properties,
      };
      const { attributes } = await provider.make(request as never, {} as PlatformParts);
      return [`${Type}.${attribute}`, attributes?.[attribute]] as const;
    }),
  );
  const modelled = new Map(told.filter((one) => one !== undefined));

  expect([...modelled.keys()]).toEqual(
    expect.arrayContaining([
      'AWS::Events::ApiDestination.Arn',
      'AWS::Events::Connection.Arn',
      'AWS::SNS::Topic.TopicName',
    ]),
  );
  expect([...modelled].filter(([, value]) => value === undefined)).toEqual([]);
});
