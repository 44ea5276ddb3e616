import type { AssembledStack, Template } from '../../local/cloudformation/assembly';
import { deployStacks } from '../../local/cloudformation/deploy';
import type { PlatformParts, Provider } from '../../local/cloudformation/provider';
import { PROVIDERS } from '../../local/cloudformation/providers';
import { modelledProviders } from '../../local/cloudformation/providers/modelled';
import { edgeStack, PLAIN, SECURE } from '../lib/services/edge/edge-stack';

type Properties = Record<string, unknown>;

/** Deploys an edge with two services as the local platform would; what is no model stands in by its name alone. */
async function deploy(edge: typeof SECURE, domain: string | null) {
  const made = edgeStack(edge, domain);
  made.behind('Gateway', { pathPatterns: ['/api/*'] });
  made.behind('Frontend', { port: 3000 });
  const seen = new Map<string, Properties>();
  const watched = (provider: Provider): Provider => ({
    ...provider,
    make: (request, parts) => {
      seen.set(request.logicalId, request.properties);
      return provider.treatment === 'modelled'
        ? provider.make(request, parts)
        : Promise.resolve({ ref: request.logicalId, attributes: { Arn: `arn:${request.logicalId}` } });
    },
  });
  const standIn: Provider = {
    treatment: 'modelled',
    note: '',
    make: ({ logicalId }) => Promise.resolve({ ref: logicalId, attributes: { Name: logicalId } }),
  };
  const providers = Object.fromEntries(
    Object.entries({ ...PROVIDERS, ...modelledProviders, 'AWS::ECS::Service': standIn }).map(
      ([type, provider]) => [type, watched(provider)],
    ),
  );
  const stack: AssembledStack = {
    name: 'local-Services',
    assets: new Map(),
    dockerfiles: new Map(),
    template: {
      Outputs: {},
      Mappings: {},
      Conditions: {},
      ...(made.template().toJSON() as Partial<Template>),
      // Nothing of CDK's own bootstrap is looked at.
      Parameters: {},
    } as Template,
  };
  const imports = JSON.stringify(stack.template).matchAll(/"Fn::ImportValue":"([^"]+)"/g);
  const network: AssembledStack = {
    name: 'local-Network',
    assets: new Map(),
    dockerfiles: new Map(),
    template: {
      Resources: {},
      Mappings: {},
      Conditions: {},
      Parameters: {},
      Outputs: Object.fromEntries(
        [...imports].map(([, name], index) => [
          `O${index}`,
          { Value: 'of-the-network', Export: { Name: name } },
        ]),
      ),
    },
  };
  for (const resource of Object.values(stack.template.Resources)) {
    resource.Metadata ??= {};
    resource.DependsOn = [resource.DependsOn ?? []].flat();
    resource.Properties ??= {};
  }
  const reports = await deployStacks([network, stack], providers, {
    account: '123456789012',
    region: 'eu-central-1',
    clients: {},
    progress: () => undefined,
    taskDefinitions: new Map(),
  } as unknown as PlatformParts);
  return {
    reports,
    propertiesOf: (id: RegExp) => [...seen].filter(([name]) => id.test(name)).map(([, p]) => p),
  };
}

test.each([
  ['with everything', SECURE, 'golive.example'],
  ['with nothing', PLAIN, null],
] as const)(
  'the local platform knows an edge %s, and answers all that its template asks',
  async (_, edge, domain) => {
    const { reports } = await deploy(edge, domain);

    expect(reports.filter(({ treatment }) => treatment === 'refused')).toEqual([]);
    expect(
      reports.filter(({ type }) => type.includes('LoadBalancing')).map(({ treatment }) => treatment),
    ).toContain('modelled');
  },
);

interface AlarmDimensions {
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
}

test("an alarm on targets names the load balancer as its own metrics do, though it takes the name from a listener's", async () => {
  const { propertiesOf } = await deploy(SECURE, 'golive.example');
  const dimensions = (id: RegExp) =>
    propertiesOf(id)
      .map(
        (alarm) =>
          alarm as unknown as AlarmDimensions & { Metrics?: { MetricStat?: { Metric: AlarmDimensions } }[] },
      )
      .map(
        ({ Dimensions, Metrics = [] }) =>
          Dimensions ?? Metrics.find(({ MetricStat }) => MetricStat)?.MetricStat?.Metric.Dimensions ?? [],
      )
      .map((dimensions) => Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])));
  const [own] = dimensions(/^EdgeErrorsAlarm/);
  const ofTargets = dimensions(/^Edge(Gateway|Frontend)NoHealthyHostAlarm/);

  expect(own!['LoadBalancer']).toMatch(/^app\/[\w-]{1,32}\/[0-9a-f]{16}$/);
  expect(ofTargets.map(({ LoadBalancer }) => LoadBalancer)).toEqual([
    own!['LoadBalancer'],
    own!['LoadBalancer'],
  ]);
  expect(new Set(ofTargets.map(({ TargetGroup }) => TargetGroup)).size).toBe(2);
  expect(ofTargets[0]!['TargetGroup']).toMatch(/^targetgroup\/[\w-]{1,32}\/[0-9a-f]{16}$/);
});
