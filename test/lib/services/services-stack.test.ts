import type { Template } from 'aws-cdk-lib/assertions';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { ENVIRONMENT_NAMES, type EnvironmentConfig, type EnvironmentName } from '../../../lib/config';
import { CollectorConfiguration } from '../../../lib/services/collector/schema';
import type { WebServiceProps } from '../../../lib/services/web-service';
import { FrontendEnvironment } from '../../../services/frontend/src/environment';
import { GatewayEnvironment } from '../../../services/gateway/src/environment';
import { configOf, outlineOf, templatesFor, templatesOf } from '../support/synthesis';

const prod = () => templatesOf('prod').Services;

type Services = EnvironmentConfig['services'];

/** Production with other services. */
function prodWith(change: (services: Services) => Partial<Services>): Template {
  const config = configOf('prod');
  return templatesFor({ ...config, services: { ...config.services, ...change(config.services) } }).Services;
}

const GATEWAY_IMAGE = { repository: 'golive/gateway', digest: `sha256:${'ab'.repeat(32)}` };
const COLLECTOR_IMAGE = { repository: 'mirror/aws-otel-collector', digest: `sha256:${'cd'.repeat(32)}` };

/** Everything otherwise than production has it, at once: a synthesis takes seconds. */
const otherwise = () =>
  prodWith(({ gateway, observability }) => ({
    shell: true,
    gateway: { ...gateway, image: GATEWAY_IMAGE },
    observability: {
      ...observability,
      exporter: 'otlp',
      collector: { ...observability.collector, image: COLLECTOR_IMAGE },
    },
  }));

interface Container {
  readonly Name: string;
  readonly Environment?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Secrets?: readonly object[];
}

const ofService = (template: Template, type: string, name: 'Gateway' | 'Frontend') => {
  const found = Object.entries(template.findResources(type)).find(([id]) => id.startsWith(name));
  if (!found) throw new Error(`no ${type} of ${name}`);
  return found[1]['Properties'] as Record<string, unknown>;
};
const containersOf = (template: Template, name: 'Gateway' | 'Frontend') =>
  ofService(template, 'AWS::ECS::TaskDefinition', name)['ContainerDefinitions'] as Container[];
const containerOf = (template: Template, name: 'Gateway' | 'Frontend', container = name.toLowerCase()) => {
  const found = containersOf(template, name).find(({ Name }) => Name === container);
  if (!found) throw new Error(`no container ${container}`);
  return found;
};

/** A container's variables, with what is settled at deployment filled in. */
function variablesOf(container: Container): Record<string, string> {
  const settled = (value: unknown): string => {
    if (typeof value === 'string') return value;
    const text = JSON.stringify(value);
    if (/Secret/.test(text)) return 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:some-AbCdEf';
    return 'settled.example';
  };
  return Object.fromEntries((container.Environment ?? []).map(({ Name, Value }) => [Name, settled(Value)]));
}

/** What the role of a service's tasks may do, as `<action> on <resource>`. */
function rightsOf(template: Template, name: 'Gateway' | 'Frontend'): string[] {
  return Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(`${name}RoleDefaultPolicy`))
    .flatMap(
      ([, policy]) =>
        (
          policy as {
            Properties: {
              PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] };
            };
          }
        ).Properties.PolicyDocument.Statement,
    )
    .flatMap(({ Action, Resource }) =>
      [Action].flat().map((action) => `${action} on ${JSON.stringify(Resource)}`),
    )
    .sort();
}

describe.each(ENVIRONMENT_NAMES)('in %s', (environment) => {
  const template = () => templatesOf(environment).Services;

  test('the gateway is told what its contract asks for, and nothing that it does not know', () => {
    const variables = variablesOf(containerOf(template(), 'Gateway'));
    const { AWS_REGION, ...own } = variables;

    expect(GatewayEnvironment.strict().parse(own)).toMatchObject({
      GOLIVE_ENV: environment,
      PORT: 8080,
      INTERNAL_PORT: 8081,
      SECRETS_STALE_SECONDS: configOf(environment).secrets.cacheSeconds,
      OTEL_ENABLED: true,
    });
    expect(AWS_REGION).toBe('eu-central-1');
  });

  test('the frontend is told what its contract asks for, and finds the gateway by its name', () => {
    const { AWS_REGION, PUBLIC_ORIGIN = '', ...own } = variablesOf(containerOf(template(), 'Frontend'));
    const { domain } = configOf(environment);
    // Without a domain it is the load balancer's own name.
    const origin = domain === undefined ? `http://${PUBLIC_ORIGIN}` : PUBLIC_ORIGIN;

    expect(FrontendEnvironment.strict().parse({ ...own, PUBLIC_ORIGIN: origin })).toMatchObject({
      GOLIVE_ENV: environment,
      GATEWAY_URL: 'http://gateway:8081',
      PUBLIC_ORIGIN: domain === undefined ? 'http://settled.example' : `https://${domain}`,
    });
    expect(AWS_REGION).toBe('eu-central-1');
  });

  test('nothing secret is put into a container when it starts: the collector’s configuration alone is', () => {
    const injected = (['Gateway', 'Frontend'] as const).flatMap((name) =>
      containersOf(template(), name).flatMap(({ Name, Secrets = [] }) =>
        Secrets.map((secret) => `${Name}: ${JSON.stringify(secret)}`),
      ),
    );

    expect(injected).toEqual([
      expect.stringMatching(/^collector: .*AOT_CONFIG_CONTENT.*GatewayCollectorConfiguration/),
      expect.stringMatching(/^collector: .*AOT_CONFIG_CONTENT.*FrontendCollectorConfiguration/),
    ]);
  });

  test('nobody waits for a service that is stopped, and it has time to end: draining, SIGTERM, flush', () => {
    for (const name of ['Gateway', 'Frontend'] as const) {
      const container = containerOf(template(), name) as Container & { StopTimeout: number };
      const { stop } = configOf(environment).services[name === 'Gateway' ? 'gateway' : 'frontend'];

      expect(container.StopTimeout).toBe(stop.killSeconds);
      expect(container.StopTimeout).toBeGreaterThanOrEqual(
        Number(variablesOf(container)['SHUTDOWN_SECONDS']) + 5,
      );
    }
    for (const targets of Object.values(
      template().findResources('AWS::ElasticLoadBalancingV2::TargetGroup'),
    )) {
      expect(targets['Properties']).toMatchObject({
        HealthCheckPath: '/health/ready',
        TargetGroupAttributes: expect.arrayContaining([
          { Key: 'deregistration_delay.timeout_seconds', Value: '20' },
        ]) as object[],
      });
    }
  });

  test('the configuration of each collector is one that the collector takes, and its hash is in its task', () => {
    const parameters = Object.entries(template().findResources('AWS::SSM::Parameter'))
      .filter(([id]) => id.includes('Collector'))
      .map(([, { Properties }]) => (Properties as { Value: string }).Value);

    expect(parameters).toHaveLength(2);
    for (const value of parameters) {
      expect(value.length).toBeLessThanOrEqual(4096);
      expect(CollectorConfiguration.safeParse(JSON.parse(value)).error).toBeUndefined();
    }
    const hashes = (['Gateway', 'Frontend'] as const).map(
      (name) => variablesOf(containerOf(template(), name, 'collector'))['COLLECTOR_CONFIG_SHA256'],
    );
    expect(new Set(hashes).size).toBe(2);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has the tasks that it is configured with, on Spot what may be on Spot', () => {
    const { services } = configOf(environment);
    const targets = Object.values(template().findResources('AWS::ApplicationAutoScaling::ScalableTarget'));

    expect(
      targets.map(({ Properties }) => [
        (Properties as { MinCapacity: number }).MinCapacity,
        (Properties as { MaxCapacity: number }).MaxCapacity,
      ]),
    ).toEqual(['gateway', 'frontend'].map((name) => Object.values(services[name as 'gateway'].tasks)));
    expect(ofService(template(), 'AWS::ECS::Service', 'Gateway')['CapacityProviderStrategy']).toEqual(
      SPOT[environment],
    );
    expect(ofService(template(), 'AWS::ECS::Service', 'Gateway')).not.toHaveProperty('DesiredCount');
  });
});

const SPOT: Record<EnvironmentName, object[]> = {
  dev: [{ CapacityProvider: 'FARGATE_SPOT', Weight: 1 }],
  staging: [
    { CapacityProvider: 'FARGATE', Base: 2, Weight: 50 },
    { CapacityProvider: 'FARGATE_SPOT', Weight: 50 },
  ],
  prod: [{ CapacityProvider: 'FARGATE', Base: 3, Weight: 1 }],
  local: [{ CapacityProvider: 'FARGATE', Base: 1, Weight: 1 }],
};

describe('a service', () => {
  test('is deployed beside what runs, and taken back when it is not healthy or when people get errors', () => {
    for (const name of ['Gateway', 'Frontend'] as const) {
      expect(ofService(prod(), 'AWS::ECS::Service', name)).toMatchObject({
        DeploymentConfiguration: {
          MinimumHealthyPercent: 100,
          MaximumPercent: 200,
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
          Alarms: {
            Enable: true,
            Rollback: true,
            AlarmNames: [
              { Ref: expect.stringMatching(new RegExp(`^Edge${name.toLowerCase()}ErrorsAlarm`)) as string },
              { Ref: expect.stringMatching(new RegExp(`^Edge${name.toLowerCase()}SlowAlarm`)) as string },
            ],
          },
        },
        HealthCheckGracePeriodSeconds: 60,
        EnableExecuteCommand: false,
        PropagateTags: 'SERVICE',
      });
    }
  });

  test('asks itself whether it lives, with the program that its image brings, and has an init process', () => {
    for (const name of ['Gateway', 'Frontend'] as const) {
      expect(containerOf(prod(), name)).toMatchObject({
        Essential: true,
        HealthCheck: {
          Command: ['CMD', 'node', '/app/healthcheck.js'],
          Interval: 10,
          Retries: 3,
          StartPeriod: 30,
        },
        LinuxParameters: { InitProcessEnabled: true },
        MountPoints: expect.arrayContaining([
          { ContainerPath: '/tmp', ReadOnly: false, SourceVolume: 'scratch-0' },
        ]) as object[],
      });
    }
  });

  test('writes where its image says that whoever it runs as may write, and nowhere else', () => {
    for (const name of ['Gateway', 'Frontend'] as const) {
      const dockerfile = readFileSync(
        join(__dirname, `../../../services/${name.toLowerCase()}/Dockerfile`),
        'utf8',
      );
      const volumes = [...dockerfile.matchAll(/^VOLUME (\[.*\])$/gm)].flatMap(
        ([, paths]) => JSON.parse(paths as string) as string[],
      );
      const { MountPoints } = containerOf(prod(), name) as unknown as {
        MountPoints: { ContainerPath: string }[];
      };

      expect(volumes).toContain('/tmp');
      expect(MountPoints.map(({ ContainerPath }) => ContainerPath)).toEqual(volumes);
    }
  });

  test('scales on processors, on memory and on what the load balancer sends', () => {
    const policies = Object.entries(prod().findResources('AWS::ApplicationAutoScaling::ScalingPolicy'))
      .filter(([id]) => id.startsWith('GatewayService'))
      .map(
        ([, { Properties }]) =>
          (
            Properties as {
              TargetTrackingScalingPolicyConfiguration: {
                PredefinedMetricSpecification: { PredefinedMetricType: string };
                TargetValue: number;
              };
            }
          ).TargetTrackingScalingPolicyConfiguration,
      );

    expect(
      policies.map(({ PredefinedMetricSpecification, TargetValue }) => [
        PredefinedMetricSpecification.PredefinedMetricType,
        TargetValue,
      ]),
    ).toEqual([
      ['ECSServiceAverageCPUUtilization', 60],
      ['ECSServiceAverageMemoryUtilization', 80],
      ['ALBRequestCountPerTarget', 6000],
    ]);
  });

  test('is found by the frontend at its internal port, and what is found is there first', () => {
    expect(ofService(prod(), 'AWS::ECS::Service', 'Gateway')['ServiceConnectConfiguration']).toMatchObject({
      Enabled: true,
      Namespace: 'golive-prod',
      Services: [{ PortName: 'internal', ClientAliases: [{ DnsName: 'gateway', Port: 8081 }] }],
    });
    expect(
      (ofService(prod(), 'AWS::ECS::Service', 'Frontend')['ServiceConnectConfiguration'] as object) ?? {},
    ).not.toHaveProperty('Services');
    const [frontend] = Object.entries(prod().findResources('AWS::ECS::Service')).filter(([id]) =>
      id.startsWith('Frontend'),
    );
    expect((frontend?.[1] as { DependsOn: string[] }).DependsOn).toEqual(
      expect.arrayContaining([expect.stringMatching(/^GatewayService/)]),
    );
  });

  test('of a new version waits for the migrations', () => {
    const [gateway] = Object.entries(prod().findResources('AWS::ECS::Service')).filter(([id]) =>
      id.startsWith('Gateway'),
    );

    expect((gateway?.[1] as { DependsOn: string[] }).DependsOn).toEqual(
      expect.arrayContaining([expect.stringMatching(/^MigrationsMigrated/)]),
    );
  });

  test('reads its own secrets, by its own role, and writes its traces and metrics', () => {
    const rights = rightsOf(prod(), 'Gateway');

    expect([...new Set(rights.map((right) => right.split(' on ')[0]))]).toEqual([
      'kms:Decrypt',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'xray:PutTraceSegments',
    ]);
    const [reads = ''] = rights.filter((right) => right.startsWith('secretsmanager:'));
    expect(
      reads.match(/sentry-dsn|UserSecret|SecretsAppSecret|SecretsJwtSecret|Secret(?=[0-9A-F]{8})/g),
    ).toEqual(['sentry-dsn', 'UserSecret', 'SecretsAppSecret', 'SecretsJwtSecret']);
    for (const right of rights.filter((found) => found.startsWith('logs:'))) {
      expect(right).toContain('GatewayCollectorMetricsLogs');
    }
  });

  test('that shows pages reads no secret but where Sentry is', () => {
    const secrets = rightsOf(prod(), 'Frontend').filter((right) => right.startsWith('secretsmanager:'));

    expect(secrets).toEqual([
      expect.stringMatching(
        /^secretsmanager:GetSecretValue on "arn:aws:secretsmanager:[^"]*:golive\/prod\/sentry-dsn-\?{6}"$/,
      ),
    ]);
  });

  test('knows Sentry’s secret by its ARN, by which the pick-up knows that it reads it at run time', () => {
    expect(variablesOf(containerOf(prod(), 'Gateway'))['SENTRY_DSN_SECRET_ID']).toBe(
      'arn:aws:secretsmanager:eu-central-1:333333333333:secret:golive/prod/sentry-dsn',
    );
    expect(variablesOf(containerOf(templatesOf('dev').Services, 'Gateway'))).not.toHaveProperty(
      'SENTRY_DSN_SECRET_ID',
    );
  });

  test('runs an image that is there already by its digest, when it is told one', () => {
    const template = otherwise();

    expect(
      JSON.stringify((containerOf(template, 'Gateway') as unknown as { Image: object }).Image),
    ).toContain(`golive/gateway@${GATEWAY_IMAGE.digest}`);
    expect(variablesOf(containerOf(template, 'Gateway'))['SERVICE_VERSION']).toBe(GATEWAY_IMAGE.digest);
  });

  test('has a version that is the hash of what it is built from', () => {
    const { Image } = containerOf(prod(), 'Gateway') as unknown as { Image: { 'Fn::Sub': string } };
    const version = variablesOf(containerOf(prod(), 'Gateway'))['SERVICE_VERSION'] ?? '';

    expect(version).toMatch(/^[0-9a-f]{64}$/);
    expect(Image['Fn::Sub']).toContain(`:${version}`);
    expect(variablesOf(containerOf(prod(), 'Frontend'))['SERVICE_VERSION']).not.toBe(version);
  });

  test('gives a person a shell where it is told to, and the agent something to write to', () => {
    const template = otherwise();

    expect(ofService(template, 'AWS::ECS::Service', 'Gateway')['EnableExecuteCommand']).toBe(true);
    expect(
      (
        containerOf(template, 'Gateway') as unknown as { MountPoints: { ContainerPath: string }[] }
      ).MountPoints.map(({ ContainerPath }) => ContainerPath),
    ).toEqual(['/tmp', '/var/lib/amazon', '/var/log/amazon']);
  });
});

describe('the collector', () => {
  test('stands beside each service, pinned by what is in it, and the service does not fall with it', () => {
    for (const name of ['Gateway', 'Frontend'] as const) {
      expect(containerOf(prod(), name, 'collector')).toMatchObject({
        Image: expect.stringMatching(
          /^public\.ecr\.aws\/aws-observability\/aws-otel-collector@sha256:[0-9a-f]{64}$/,
        ) as string,
        Essential: false,
        RestartPolicy: { Enabled: true, RestartAttemptPeriod: 60 },
        Cpu: 64,
        Memory: 256,
        User: '4317:4317',
        ReadonlyRootFilesystem: true,
        HealthCheck: {
          Command: ['CMD', '/healthcheck'],
          Interval: 10,
          Timeout: 3,
          Retries: 3,
          StartPeriod: 10,
        },
      });
      expect(containerOf(prod(), name, 'collector')).not.toHaveProperty('PortMappings');
      expect(containerOf(prod(), name)).toMatchObject({
        DependsOn: [{ ContainerName: 'collector', Condition: 'START' }],
      });
    }
  });

  test('may come from a mirror, which its task may then pull', () => {
    const template = otherwise();

    expect(JSON.stringify(containerOf(template, 'Gateway', 'collector'))).toContain(
      `mirror/aws-otel-collector@${COLLECTOR_IMAGE.digest}`,
    );
  });

  test('sends OTLP when it is told to, with the rights for it', () => {
    const template = otherwise();

    expect(rightsOf(template, 'Gateway').filter((right) => right.startsWith('xray:'))).toEqual([
      'xray:PutSpans on "*"',
      'xray:PutSpansForIndexing on "*"',
      'xray:PutTraceSegments on "*"',
    ]);
    template.hasResourceProperties('AWS::SSM::Parameter', { Value: Match.stringLikeRegexp('"otlp_http"') });
  });

  test('leaves no trace where observability is off: no container, parameter, right, log group, alarm or variable', () => {
    const template = prodWith(({ observability }) => ({
      observability: { ...observability, enabled: false },
    }));

    template.resourceCountIs('AWS::SSM::Parameter', 1); // what was deployed
    expect(containersOf(template, 'Gateway').map(({ Name }) => Name)).toEqual(['gateway']);
    const { Resources } = template.toJSON() as { Resources: Record<string, unknown> };
    const ofServices = Object.entries(Resources).filter(([id]) => /^(Gateway|Frontend)/.test(id));
    expect(JSON.stringify(ofServices).match(/[^"]*(collector|otel_|xray:|aot_config)[^"]*/gi)).toBeNull();
  });
});

test('what is there, and what becomes of it', () => {
  expect(outlineOf(templatesOf('local').Services)).toMatchSnapshot();
});

test('a variable that the service does not know, or does without, does not compile', () => {
  type Environment = WebServiceProps<typeof FrontendEnvironment>['environment'];
  const right: Environment = { GATEWAY_URL: 'http://gateway:8081', PUBLIC_ORIGIN: 'https://golive.example' };
  // @ts-expect-error it is called GATEWAY_URL
  const misspelt: Environment = { ...right, GATEWAY_ULR: 'http://gateway:8081' };
  // @ts-expect-error there is no GATEWAY_URL
  const missing: Environment = { PUBLIC_ORIGIN: 'https://golive.example' };
  // @ts-expect-error every service is told which version it is
  const managed: Environment = { ...right, SERVICE_VERSION: '1' };

  expect([misspelt, missing, managed]).toHaveLength(3);
});
