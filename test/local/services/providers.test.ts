import { PROVIDERS } from '../../../local/cloudformation/providers';
import type { PlatformParts, ResourceRequest } from '../../../local/cloudformation/provider';
import { LocalCacheUsers } from '../../../local/cache-users';
import type { LocalLoadBalancer } from '../../../local/edge/load-balancer';
import type { TargetGroup } from '../../../local/edge/target-group';
import { ask } from '../edge/local-target';

const BALANCER = {
  Type: 'application',
  LoadBalancerAttributes: [
    { Key: 'routing.http.xff_header_processing.mode', Value: 'append' },
    { Key: 'idle_timeout.timeout_seconds', Value: '60' },
    { Key: 'access_logs.s3.enabled', Value: 'true' },
  ],
};
const NOT_FOUND = {
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain', MessageBody: 'Not found' },
};
const GROUP = {
  Protocol: 'HTTP',
  TargetType: 'ip',
  HealthCheckPath: '/health/ready',
  HealthCheckIntervalSeconds: 10,
  HealthCheckTimeoutSeconds: 5,
  HealthyThresholdCount: 2,
  UnhealthyThresholdCount: 3,
  Matcher: { HttpCode: '200' },
  TargetGroupAttributes: [{ Key: 'stickiness.enabled', Value: 'false' }],
};

describe('what stands before the services, and they themselves', () => {
  let balancers: Map<string, LocalLoadBalancer>;
  let targetGroups: Map<string, TargetGroup>;
  beforeEach(() => {
    balancers = new Map();
    targetGroups = new Map();
  });
  afterEach(async () => {
    await Promise.all([...new Set(balancers.values())].map((balancer) => balancer.close()));
  });

  const make = (type: string, properties: object, areRun = true, logicalId = 'Made') =>
    PROVIDERS[type]!.make(
      {
        stack: 'local-Services',
        logicalId,
        path: `local/Services/${logicalId}`,
        type,
        properties,
        assets: new Map(),
        dockerfiles: new Map(),
      } as ResourceRequest,
      {
        region: 'eu-central-1',
        account: '123456789012',
        progress: () => undefined,
        taskDefinitions: new Map(),
        services: areRun ? { balancers, targetGroups } : undefined,
      } as unknown as PlatformParts,
    );
  const elb = (type: string) => `AWS::ElasticLoadBalancingV2::${type}`;

  test.each([
    [elb('LoadBalancer'), BALANCER],
    [elb('TargetGroup'), GROUP],
    [elb('Listener'), { LoadBalancerArn: 'arn:loadbalancer/app/x', DefaultActions: [], Protocol: 'HTTPS' }],
    [elb('ListenerRule'), { ListenerArn: 'arn:listener/app/x', Actions: [], Conditions: [], Priority: 1 }],
    [
      'AWS::ECS::Service',
      {
        TaskDefinition: 'arn',
        LoadBalancers: [{ ContainerName: 'gateway', ContainerPort: 8080, TargetGroupArn: 'arn' }],
      },
    ],
    ['Custom::Migrations', { TaskDefinition: 'arn' }],
  ])('%s is modelled, and says so, where nobody asked for the services', async (type, properties) => {
    expect(await make(type, properties, false)).toMatchObject({
      treatment: 'modelled',
      note: expect.stringContaining('services: true') as string,
    });
    expect([balancers.size, targetGroups.size]).toEqual([0, 0]);
  });

  test.each([
    [
      'a load balancer that trusts what a client says of itself',
      elb('LoadBalancer'),
      {
        ...BALANCER,
        LoadBalancerAttributes: [{ Key: 'routing.http.xff_header_processing.mode', Value: 'preserve' }],
      },
      /does not play routing\.http\.xff_header_processing\.mode=preserve/,
    ],
    ['one for connections', elb('LoadBalancer'), { ...BALANCER, Type: 'network' }, /application/],
    [
      'stickiness',
      elb('TargetGroup'),
      { ...GROUP, TargetGroupAttributes: [{ Key: 'stickiness.enabled', Value: 'true' }] },
      /no stickiness/,
    ],
    [
      'another health check',
      elb('TargetGroup'),
      { ...GROUP, HealthCheckPort: '81' },
      /does not know HealthCheckPort/,
    ],
    [
      'TLS',
      elb('Listener'),
      { LoadBalancerArn: 'arn', DefaultActions: [NOT_FOUND], Protocol: 'HTTPS' },
      /speaks HTTP alone: set edge\.plainHttp/,
    ],
    [
      'a rule by anything else',
      elb('ListenerRule'),
      {
        ListenerArn: 'arn',
        Actions: [NOT_FOUND],
        Priority: 1,
        Conditions: [{ Field: 'source-ip', SourceIpConfig: { Values: ['10.0.0.0/8'] } }],
      },
      /Conditions/,
    ],
    [
      'a listener of no load balancer',
      elb('Listener'),
      { LoadBalancerArn: 'arn', DefaultActions: [NOT_FOUND], Protocol: 'HTTP' },
      /there is no load balancer arn/,
    ],
    [
      'a service without a load balancer',
      'AWS::ECS::Service',
      { TaskDefinition: 'arn', LoadBalancers: [] },
      /without a load balancer is not played/,
    ],
    [
      'a service of no definition',
      'AWS::ECS::Service',
      {
        TaskDefinition: 'arn',
        LoadBalancers: [{ ContainerName: 'gateway', ContainerPort: 8080, TargetGroupArn: 'arn' }],
      },
      /there is no task definition arn/,
    ],
  ])(
    '%s is refused, and not played otherwise than it was asked for',
    async (_, type, properties, message) => {
      await expect(make(type, properties)).rejects.toThrow(message);
    },
  );

  test('the template’s rules decide at an address that the load balancer’s name tells', async () => {
    const balancer = await make(elb('LoadBalancer'), BALANCER, true, 'Balancer');
    const group = await make(elb('TargetGroup'), GROUP, true, 'Group');
    const listener = await make(
      elb('Listener'),
      { LoadBalancerArn: balancer.ref, DefaultActions: [NOT_FOUND], Protocol: 'HTTP' },
      true,
      'Listener',
    );
    await make(elb('ListenerRule'), {
      ListenerArn: listener.ref,
      Priority: 100,
      Actions: [{ Type: 'forward', TargetGroupArn: group.ref }],
      Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/api/*'] } }],
    });
    const origin = `http://${balancer.attributes!['DNSName']}`;
    expect(await ask(origin, '/')).toMatchObject({ status: 404, body: 'Not found' });
    expect(await ask(origin, '/api/x')).toMatchObject({ status: 503 });
    expect(balancer.attributes!['LoadBalancerFullName']).toMatch(/^app\//);
  });
});

describe('a cache as its template has it', () => {
  const parts = { cacheUsers: new LocalCacheUsers(), caches: new Map(), progress: () => undefined };
  const make = async (type: string, properties: object) =>
    await PROVIDERS[type]!.make(
      { stack: 's', logicalId: 'l', path: 'local/Cache', type, properties } as unknown as ResourceRequest,
      parts as unknown as PlatformParts,
    );
  const CACHE = { CacheNodeType: 'cache.t4g.micro', Engine: 'valkey', EngineVersion: '8.1' };

  test.each([
    ['without TLS', { ...CACHE, TransitEncryptionEnabled: false }],
    [
      'where TLS is a choice',
      { ...CACHE, TransitEncryptionEnabled: true, TransitEncryptionMode: 'preferred' },
    ],
  ])('%s is refused: the server here takes nothing else', async (_, properties) => {
    await expect(make('AWS::ElastiCache::ReplicationGroup', properties)).rejects.toThrow(
      /always forces TLS[^]*set TransitEncryptionMode to required/,
    );
  });

  test('a setting that is not known is refused', async () => {
    const odd = { ...CACHE, TransitEncryptionEnabled: true, AuthToken: 'x' };
    await expect(make('AWS::ElastiCache::ReplicationGroup', odd)).rejects.toThrow(/does not know AuthToken/);
  });

  test('a group of users who are not there is refused', async () => {
    await expect(
      make('AWS::ElastiCache::UserGroup', { UserGroupId: 'group', UserIds: ['nobody'] }),
    ).rejects.toThrow('User nobody not found.');
  });
});
