import { findingsOf } from './pairs';

const kindsAndWords = (before: object, after: object) =>
  findingsOf(before, after).map(({ kind, what, because }) => ({ kind, what, because }));

const policy = (...Statement: object[]) => ({
  P: { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: { Statement } } },
});
const allow = (rest: object = {}) => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::a/*',
  ...rest,
});
const group = (...rules: object[]) => ({
  G: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'g', SecurityGroupIngress: rules } },
});
const ingress = (rest: object = {}) => ({
  IpProtocol: 'tcp',
  FromPort: 443,
  ToPort: 443,
  CidrIp: '10.0.0.0/8',
  ...rest,
});

describe('it is said that more is allowed', () => {
  test.each<readonly [string, object, object, RegExp]>([
    [
      'by another action',
      policy(allow()),
      policy(allow({ Action: ['s3:GetObject', 's3:PutObject'] })),
      /allows s3:PutObject/,
    ],
    [
      'by another resource',
      policy(allow()),
      policy(allow({ Resource: 'arn:aws:s3:::b/*' })),
      /on arn:aws:s3:::b/,
    ],
    [
      'by a condition less',
      policy(allow({ Condition: { Bool: { a: 'true' } } })),
      policy(allow()),
      /allows s3:GetObject on arn:aws:s3:::a\/\*$/,
    ],
    [
      'by a denial less',
      policy(allow(), { Effect: 'Deny', Action: 's3:*', Resource: '*' }),
      policy(allow()),
      /no longer denies s3:\*/,
    ],
    [
      'by exclusion',
      policy(allow()),
      policy(allow({ Action: undefined, NotAction: 'iam:*' })),
      /everything but iam/,
    ],
    ['by a role that is new', {}, policy(allow()), /allows s3:GetObject/],
  ])('%s', (_how, before, after, reason) => {
    const [found] = kindsAndWords(before, after);
    expect(found?.kind).toBe('widens');
    expect(found?.because.join('\n')).toMatch(reason);
  });

  test('with a wildcard, in so many words', () => {
    expect(kindsAndWords(policy(allow()), policy(allow({ Action: 's3:*' })))[0]?.what).toMatch(
      /wildcard that nothing narrows/,
    );
    expect(kindsAndWords(policy(allow()), policy(allow({ Resource: '*' })))[0]?.what).toMatch(/wildcard/);
    expect(
      kindsAndWords(
        policy(allow()),
        policy(allow(), allow({ Action: 'ecs:DescribeTasks', Resource: '*' })),
      )[0]?.what,
    ).toBe('would allow more');
  });

  test.each<readonly [string, object, object]>([
    ['less', policy(allow({ Action: ['s3:GetObject', 's3:PutObject'] })), policy(allow())],
    ['a part of what a wildcard allowed', policy(allow({ Action: 's3:*' })), policy(allow())],
    [
      'the same with a condition more',
      policy(allow()),
      policy(allow({ Condition: { Bool: { a: 'true' } } })),
    ],
    [
      'the same in another order',
      policy(allow({ Action: ['s3:A', 's3:B'] })),
      policy(allow({ Action: ['s3:B', 's3:A'] })),
    ],
    ['a denial more', policy(allow()), policy(allow(), { Effect: 'Deny', Action: 's3:*', Resource: '*' })],
  ])('but not for %s', (_what, before, after) => {
    expect(kindsAndWords(before, after)).toEqual([]);
  });

  test('to everybody, which is the worst', () => {
    const bucketPolicy = (statement: object) => ({
      B: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: { Bucket: 'b', PolicyDocument: { Statement: [statement] } },
      },
    });
    const before = bucketPolicy(allow({ Principal: { AWS: 'arn:aws:iam::333333333333:root' } }));
    expect(kindsAndWords(before, bucketPolicy(allow({ Principal: { AWS: '*' } })))[0]).toMatchObject({
      kind: 'opens',
      what: 'would let everybody in',
    });
  });

  test('by whom a role trusts, and by a policy of AWS’s', () => {
    const role = (sub: string, ManagedPolicyArns: string[] = []) => ({
      R: {
        Type: 'AWS::IAM::Role',
        Properties: {
          ManagedPolicyArns,
          AssumeRolePolicyDocument: {
            Statement: [
              {
                Effect: 'Allow',
                Action: 'sts:AssumeRoleWithWebIdentity',
                Principal: { Federated: 'x' },
                Condition: { StringLike: { sub } },
              },
            ],
          },
        },
      },
    });
    const found = kindsAndWords(
      role('repo:a/b:pull_request'),
      role('repo:a/*', ['arn:aws:iam::aws:policy/AdministratorAccess']),
    );
    expect(found.map(({ because }) => because.join()).join('\n')).toMatch(
      /repo:a\/\*[^]*AdministratorAccess/,
    );
  });

  test('by a guard that leaves', () => {
    const firewall = { W: { Type: 'AWS::WAFv2::WebACLAssociation', Properties: {} } };
    expect(kindsAndWords(firewall, {})[0]?.what).toMatch(/firewall before the load balancer/);
  });
});

describe('it is said that traffic is let through', () => {
  test('from the whole internet, which is the worst', () => {
    expect(kindsAndWords(group(ingress()), group(ingress(), ingress({ CidrIp: '0.0.0.0/0' })))).toEqual([
      { kind: 'opens', what: 'would let the whole internet in', because: ['in from 0.0.0.0/0: tcp 443'] },
    ]);
  });

  test.each<readonly [string, object, string]>([
    ['by other ports', ingress({ ToPort: 8443 }), 'in from 10.0.0.0/8: tcp 443-8443'],
    ['by all protocols', ingress({ IpProtocol: '-1' }), 'in from 10.0.0.0/8: everything'],
    [
      'from another group',
      ingress({ CidrIp: undefined, SourceSecurityGroupId: { Ref: 'Other' } }),
      'in from ${Other}: tcp 443',
    ],
  ])('%s', (_how, rule, says) => {
    expect(kindsAndWords(group(ingress()), group(ingress(), rule))[0]?.because).toEqual([says]);
  });

  test('but not when a wider rule was there, or one leaves', () => {
    expect(kindsAndWords(group(ingress({ IpProtocol: '-1' })), group(ingress()))).toEqual([]);
    expect(kindsAndWords(group(ingress()), group())).toEqual([]);
  });
});

describe('it is said that something is more open:', () => {
  test.each<readonly [string, object, object, RegExp]>([
    [
      'AWS::S3::Bucket',
      { PublicAccessBlockConfiguration: { BlockPublicPolicy: true } },
      {},
      /BlockPublicPolicy/,
    ],
    [
      'AWS::RDS::DBInstance',
      { PubliclyAccessible: false },
      { PubliclyAccessible: true },
      /from the internet/,
    ],
    ['AWS::ElasticLoadBalancingV2::Listener', { Protocol: 'HTTPS' }, { Protocol: 'HTTP' }, /in clear/],
    ['AWS::ECS::Service', {}, { EnableExecuteCommand: true }, /run commands/],
    [
      'AWS::ECS::TaskDefinition',
      { ContainerDefinitions: [{}] },
      { ContainerDefinitions: [{ Privileged: true }] },
      /privileged/,
    ],
    [
      'AWS::WAFv2::WebACL',
      { Rules: [{ Name: 'one' }, { Name: 'two' }] },
      { Rules: [{ Name: 'one' }] },
      /no longer have two/,
    ],
    ['AWS::IAM::Role', { PermissionsBoundary: 'x' }, {}, /no permissions boundary/],
  ])('%s', (Type, before, after, says) => {
    const of = (Properties: object) => ({
      R: { Type, Properties, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
    });
    expect(
      kindsAndWords(of(before), of(after))
        .map(({ what }) => what)
        .join(),
    ).toMatch(says);
    expect(
      kindsAndWords(of(after), of(before))
        .map(({ what }) => what)
        .join(),
    ).not.toMatch(says);
  });
});
