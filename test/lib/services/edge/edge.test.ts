import { Match, type Template } from 'aws-cdk-lib/assertions';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDLE_TIMEOUT } from '../../../../lib/services/edge';
import { apiServer } from '../../../../services/gateway/src/http/listeners';
import { attributesOf, CERTIFICATE, edgeStack, PLAIN, SECURE, ZONE } from './edge-stack';

const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener';
const RULE = 'AWS::ElasticLoadBalancingV2::ListenerRule';
const LOAD_BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';
const GROUP = 'AWS::EC2::SecurityGroup';

type Properties = Record<string, unknown>;

const propertiesOf = (template: Template, type: string): Properties[] =>
  Object.values(template.findResources(type)).map((resource) => resource['Properties'] as Properties);

/** The edge's own security group. */
function groupOf(template: Template): { id: string; properties: Properties } {
  const found = Object.entries(template.findResources(GROUP)).find(([id]) =>
    id.startsWith('EdgeSecurityGroup'),
  )!;
  return { id: found[0], properties: found[1]['Properties'] as Properties };
}

describe('an edge that cannot be made says what to set:', () => {
  test('no domain and no word that HTTP will do', () => {
    expect(() => edgeStack({ ...PLAIN, plainHttp: false }, null)).toThrow(
      /no domain for a certificate: set "domain", or "edge\.plainHttp"/,
    );
  });

  test('a domain whose certificate nobody can validate', () => {
    expect(() => edgeStack({ plainHttp: false, deletionProtection: true })).toThrow(
      /no certificate for golive\.example: set "edge\.hostedZone" or "edge\.certificateArn"/,
    );
  });

  test('two kinds of targets that want to be asked first', () => {
    const { behind } = edgeStack();
    behind('Frontend');
    expect(() => behind('Console')).toThrow(/"Console" have priority 1000, as "Frontend" have: pass another/);
  });

  test.each([
    [5, SECURE, 'golive.example'],
    [6, PLAIN, null],
    [0, PLAIN, null],
  ] as const)('%i path patterns', (count, config, domain) => {
    const { behind } = edgeStack(config, domain);
    const pathPatterns = Array.from({ length: count }, (_, index) => `/${index}/*`);
    expect(() => behind('Gateway', { pathPatterns })).toThrow(
      new RegExp(`"Gateway" have ${count} path patterns: 1 to ${domain ? 4 : 5} are possible`),
    );
  });

  test("the alarms of another edge's targets", () => {
    const targets = edgeStack().behind('Gateway');
    expect(() => edgeStack().edge.alarmsOf(targets)).toThrow(
      /Gateway\/Targets are not targets of .*: use addTargets/,
    );
  });
});

describe('who gets in', () => {
  test('HTTP is sent to the domain by HTTPS, once and for all, and never to where a request says', () => {
    const { template } = edgeStack();

    template().hasResourceProperties(RULE, {
      Priority: 1,
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['golive.example'] } }],
      Actions: [
        {
          Type: 'redirect',
          RedirectConfig: { Host: 'golive.example', Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' },
        },
      ],
    });
  });

  test.each([
    ['with a domain', SECURE, 'golive.example', 2],
    ['without one', PLAIN, null, 1],
  ] as const)('what no rule is for gets 404, %s', (_, config, domain, listeners) => {
    const template = edgeStack(config, domain).template();

    expect(propertiesOf(template, LISTENER).map(({ DefaultActions }) => DefaultActions)).toEqual(
      Array(listeners).fill([
        {
          Type: 'fixed-response',
          FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain', MessageBody: 'Not found' },
        },
      ]),
    );
  });

  test('nobody gets in by number or under another name: each rule wants the domain', () => {
    const { behind, template } = edgeStack();
    behind('Gateway', { pathPatterns: ['/api/*'] });
    behind('Frontend');

    const hosts = propertiesOf(template(), RULE).map(({ Conditions }) =>
      (Conditions as { Field: string; HostHeaderConfig?: { Values: string[] } }[]).flatMap(
        ({ HostHeaderConfig }) => HostHeaderConfig?.Values ?? [],
      ),
    );
    expect(hosts).toEqual([['golive.example'], ['golive.example'], ['golive.example']]);
  });

  test('TLS is 1.3 or 1.2 with what is restricted most, and browsers remember it', () => {
    const template = edgeStack().template();

    template.hasResourceProperties(LISTENER, {
      Protocol: 'HTTPS',
      Port: 443,
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09',
      Certificates: [{ CertificateArn: { Ref: Match.stringLikeRegexp('EdgeCertificate') } }],
    });
    expect(attributesOf(template, LISTENER, 'ListenerAttributes')).toEqual([
      { 'routing.http.response.server.enabled': 'false' },
      {
        'routing.http.response.server.enabled': 'false',
        'routing.http.response.strict_transport_security.header_value': 'max-age=31536000',
      },
    ]);
  });

  test('the internet comes in at 80 and 443, and at 80 alone without TLS', () => {
    const ports = (template: Template) =>
      (groupOf(template).properties['SecurityGroupIngress'] as { CidrIp: string; FromPort: number }[]).map(
        ({ CidrIp, FromPort }) => `${CidrIp}:${FromPort}`,
      );

    expect(ports(edgeStack().template())).toEqual(['0.0.0.0/0:80', '0.0.0.0/0:443']);
    expect(ports(edgeStack(PLAIN, null).template())).toEqual(['0.0.0.0/0:80']);
  });

  test('the load balancer reaches the port of each target and nothing else', () => {
    const { behind, template } = edgeStack();
    behind('Gateway', { pathPatterns: ['/api/*'] });
    behind('Frontend', { port: 3000 });
    const made = template();
    const { id, properties } = groupOf(made);

    // The default rule, which allows everything, goes with the first of these.
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroupegress.html
    expect(properties['SecurityGroupEgress']).toBeUndefined();
    const egress = propertiesOf(made, 'AWS::EC2::SecurityGroupEgress');
    expect(egress.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([
      [8080, 8080],
      [3000, 3000],
    ]);
    expect(egress.every(({ GroupId }) => JSON.stringify(GroupId).includes(id))).toBe(true);
    expect(propertiesOf(made, 'AWS::EC2::SecurityGroupIngress').map(({ FromPort }) => FromPort)).toEqual([
      8080, 3000,
    ]);
  });
});

describe('the address', () => {
  test('is the domain, in its zone, with a certificate that the zone validates', () => {
    const { edge, template } = edgeStack();
    const made = template();

    expect(edge.origin).toBe('https://golive.example');
    made.hasResourceProperties('AWS::CertificateManager::Certificate', {
      DomainName: 'golive.example',
      ValidationMethod: 'DNS',
      DomainValidationOptions: [{ DomainName: 'golive.example', HostedZoneId: ZONE.id }],
    });
    expect(
      propertiesOf(made, 'AWS::Route53::RecordSet').map(({ Name, Type, HostedZoneId }) => [
        Name,
        Type,
        HostedZoneId,
      ]),
    ).toEqual([
      ['golive.example.', 'A', ZONE.id],
      ['golive.example.', 'AAAA', ZONE.id],
    ]);
  });

  test('of a domain below its zone is written whole', () => {
    const { template } = edgeStack(SECURE, 'staging.golive.example');
    template().hasResourceProperties('AWS::Route53::RecordSet', {
      Name: 'staging.golive.example.',
      Type: 'A',
    });
  });

  test("is not written when somebody else keeps the domain's records, and their certificate is used", () => {
    const template = edgeStack({ ...SECURE, hostedZone: undefined, certificateArn: CERTIFICATE }).template();

    template.resourceCountIs('AWS::Route53::RecordSet', 0);
    template.resourceCountIs('AWS::CertificateManager::Certificate', 0);
    template.hasResourceProperties(LISTENER, { Certificates: [{ CertificateArn: CERTIFICATE }] });
  });

  test("without a domain is the load balancer's own name, by HTTP", () => {
    const { edge, stack, template } = edgeStack(PLAIN, null);

    expect(stack.resolve(edge.origin)).toEqual({
      'Fn::Join': [
        '',
        ['http://', { 'Fn::GetAtt': [expect.stringMatching(/^EdgeLoadBalancer/), 'DNSName'] }],
      ],
    });
    template().resourceCountIs(LISTENER, 1);
    template().hasResourceProperties(LISTENER, { Protocol: 'HTTP', Port: 80 });
  });
});

describe('the load balancer', () => {
  test('stands on the internet, refuses what two parsers may read in two ways, and appends the address it saw', () => {
    const template = edgeStack().template();

    template.hasResourceProperties(LOAD_BALANCER, { Scheme: 'internet-facing', Type: 'application' });
    expect(attributesOf(template, LOAD_BALANCER, 'LoadBalancerAttributes')).toEqual([
      expect.objectContaining({
        'routing.http.drop_invalid_header_fields.enabled': 'true',
        'routing.http.desync_mitigation_mode': 'strictest',
        'routing.http.xff_header_processing.mode': 'append',
        'routing.http.preserve_host_header.enabled': 'true',
        'deletion_protection.enabled': 'true',
      }),
    ]);
  });

  test('hangs up before a service does', () => {
    const [attributes] = attributesOf(edgeStack().template(), LOAD_BALANCER, 'LoadBalancerAttributes');

    const frontend = readFileSync(
      join(__dirname, '../../../../services/frontend/src/server/serve.ts'),
      'utf8',
    );
    const [, frontendMs] = /keepAliveTimeout: ([\d_]+)/.exec(frontend)!;

    expect(attributes!['idle_timeout.timeout_seconds']).toBe(String(IDLE_TIMEOUT.toSeconds()));
    expect(apiServer(() => undefined).keepAliveTimeout).toBeGreaterThan(IDLE_TIMEOUT.toMilliseconds());
    expect(Number(frontendMs!.replaceAll('_', ''))).toBeGreaterThan(IDLE_TIMEOUT.toMilliseconds());
  });

  test('may be deleted where the configuration says so', () => {
    const [attributes] = attributesOf(
      edgeStack(PLAIN, null).template(),
      LOAD_BALANCER,
      'LoadBalancerAttributes',
    );
    expect(attributes).toMatchObject({ 'deletion_protection.enabled': 'false' });
  });

  test('writes requests and connections into a bucket of its own, which only load balancers of this account write', () => {
    const template = edgeStack().template();
    const [bucketId] = Object.keys(template.findResources('AWS::S3::Bucket'));

    const [attributes] = attributesOf(template, LOAD_BALANCER, 'LoadBalancerAttributes');
    for (const kind of ['access', 'connection']) {
      expect(attributes).toMatchObject({
        [`${kind}_logs.s3.enabled`]: 'true',
        [`${kind}_logs.s3.bucket`]: { Ref: bucketId },
        [`${kind}_logs.s3.prefix`]: kind,
      });
    }
    template.hasResource('AWS::S3::Bucket', {
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true },
        LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 14 })] },
      },
      DeletionPolicy: 'Retain',
    });
    const statements = (
      propertiesOf(template, 'AWS::S3::BucketPolicy')[0] as {
        PolicyDocument: {
          Statement: { Effect: string; Principal: unknown; Condition: object; Action: string }[];
        };
      }
    ).PolicyDocument.Statement;
    expect(statements.filter(({ Effect }) => Effect === 'Allow')).toEqual([
      expect.objectContaining({
        Action: 's3:PutObject',
        Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
        Condition: {
          ArnLike: {
            'aws:SourceArn': 'arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/*',
          },
        },
        Resource: [expect.anything(), expect.anything()],
      }),
    ]);
    expect(JSON.stringify(statements)).toContain('"aws:SecureTransport":"false"');
  });

  test('is told of the bucket only when it may write there', () => {
    const template = edgeStack().template();
    const [policyId] = Object.keys(template.findResources('AWS::S3::BucketPolicy'));
    const [loadBalancer] = Object.values(template.findResources(LOAD_BALANCER));

    expect(loadBalancer!['DependsOn']).toContain(policyId);
  });
});

describe('targets', () => {
  test('are asked by path first, and who has none takes the rest', () => {
    const { behind, template } = edgeStack(PLAIN, null);
    behind('Frontend', { port: 3000 });
    behind('Gateway', { pathPatterns: ['/api/*'] });

    expect(
      propertiesOf(template(), RULE)
        .map(({ Priority, Conditions }) => [Priority, Conditions])
        .sort(([one], [other]) => Number(one) - Number(other)),
    ).toEqual([
      [100, [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/api/*'] } }]],
      [1000, [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } }]],
    ]);
  });

  test('are healthy after twenty seconds, and finish what they have begun', () => {
    const { behind, template } = edgeStack();
    behind('Gateway');

    template().hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetType: 'ip',
      Protocol: 'HTTP',
      Port: 8080,
      HealthCheckPath: '/health/ready',
      HealthCheckIntervalSeconds: 10,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 3,
      Matcher: { HttpCode: '200' },
    });
    expect(
      attributesOf(template(), 'AWS::ElasticLoadBalancingV2::TargetGroup', 'TargetGroupAttributes'),
    ).toEqual([expect.objectContaining({ 'deregistration_delay.timeout_seconds': '20' })]);
  });

  test('are registered by their service, which waits for the rule', () => {
    const { behind, template } = edgeStack();
    behind('Gateway');
    const made = template();
    const [service] = Object.values(made.findResources('AWS::ECS::Service'));

    expect((service!['Properties'] as Properties)['LoadBalancers']).toEqual([
      {
        ContainerName: 'web',
        ContainerPort: 8080,
        TargetGroupArn: { Ref: expect.stringMatching(/^EdgeGatewayTargets/) as string },
      },
    ]);
    expect(service!['DependsOn']).toContainEqual(expect.stringMatching(/^EdgeLoadBalancerHttpsGatewayRule/));
  });
});
