import { ENVIRONMENT_NAMES } from '../../lib/config';
import { type CfnTemplate, GUARDS } from './support/guards';
import { type StackName, templatesOf } from './support/synthesis';

const STACKS: readonly (StackName | 'Recovery' | 'Delivery')[] = [
  'Network',
  'Database',
  'Secrets',
  'Backup',
  'Services',
  'Alerting',
  'Recovery',
  'Delivery',
];

const fixture = (Type: string, Properties: Record<string, unknown>, id = 'Bad'): CfnTemplate => ({
  Resources: { [id]: { Type, Properties } },
});
const policy = (statement: object) =>
  fixture('AWS::IAM::Policy', { PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] } });
const task = (container: object, Properties: object = {}) =>
  fixture('AWS::ECS::TaskDefinition', {
    ...Properties,
    ContainerDefinitions: [{ Name: 'web', ...container }],
  });
const secretIn = (Properties: Record<string, unknown>) => fixture('AWS::ElastiCache::User', Properties);

/** What each guard must refuse, and what it says. */
const BAD: readonly (readonly [keyof typeof GUARDS, CfnTemplate, string])[] = [
  ['everyFunctionIsArm64', fixture('AWS::Lambda::Function', {}), 'Bad: is not arm64'],
  [
    'everyFunctionIsArm64',
    fixture('AWS::Lambda::Function', { Architectures: ['x86_64'] }),
    'Bad: is not arm64',
  ],
  [
    'everyFunctionIsTraced',
    fixture('AWS::Lambda::Function', { TracingConfig: { Mode: 'PassThrough' } }),
    'Bad: is not traced',
  ],
  ['everyTaskIsArm64', task({}), 'Bad: is not arm64'],
  ['everyTaskIsArm64', task({}, { RuntimePlatform: { CpuArchitecture: 'X86_64' } }), 'Bad: is not arm64'],
  ['noContainerIsRoot', task({}), 'Bad: the container web may be root: name its user by number'],
  [
    'noContainerIsRoot',
    task({ User: '0:1000' }),
    'Bad: the container web may be root: name its user by number',
  ],
  [
    'noContainerIsRoot',
    task({ User: 'node' }),
    'Bad: the container web may be root: name its user by number',
  ],
  ['everyRootIsReadOnly', task({}), 'Bad: the container web writes to its root'],
  ['everyCapabilityIsDropped', task({}), 'Bad: the container web keeps capabilities'],
  [
    'everyCapabilityIsDropped',
    task({ LinuxParameters: { Capabilities: { Drop: ['NET_RAW'] } } }),
    'Bad: the container web keeps capabilities',
  ],
  ['everyContainerLogs', task({}), 'Bad: the container web says nothing to anybody'],
  [
    'everyTaskDefinitionFits',
    task({ Environment: [{ Name: 'CONFIGURATION', Value: 'x'.repeat(65_536) }] }),
    'Bad: has 65629 bytes, and ECS takes 65536',
  ],
  [
    'everyFunctionLogsToItsOwnGroup',
    fixture('AWS::Lambda::Function', {}),
    'Bad: has no log group of its own',
  ],
  ['everyLogGroupHasRetention', fixture('AWS::Logs::LogGroup', {}), 'Bad: keeps its logs for ever'],
  [
    'noWildcardWithoutCondition',
    policy({ Action: 's3:*', Resource: 'arn:aws:s3:::one' }),
    'Bad: allows s3:*',
  ],
  ['noWildcardWithoutCondition', policy({ Action: 's3:GetObject', Resource: '*' }), 'Bad: allows *'],
  [
    'noWildcardWithoutCondition',
    policy({ Action: ['rds:DescribeDBInstances', 'rds:DeleteDBSnapshot'], Resource: '*' }),
    'Bad: allows *',
  ],
  [
    'noWildcardWithoutCondition',
    policy({
      Action: 's3:GetObject',
      Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Vault', 'Arn'] }, '/*']] },
    }),
    'Bad: allows /*',
  ],
  [
    'noWildcardWithoutCondition',
    fixture('AWS::IAM::Role', {
      Policies: [{ PolicyDocument: { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } }],
    }),
    'Bad: allows *',
  ],
  [
    'noPlaintextSecret',
    secretIn({ AuthenticationMode: { Passwords: ['hunter2'] } }),
    'Bad: has a secret in plain text at AuthenticationMode.Passwords.0',
  ],
  [
    'noPlaintextSecret',
    secretIn({ MasterUserPassword: 'hunter2' }),
    'Bad: has a secret in plain text at MasterUserPassword',
  ],
  [
    'noPlaintextSecret',
    secretIn({ SecretString: { 'Fn::Join': ['', ['hunter', { Ref: 'Two' }]] } }),
    'Bad: has a secret in plain text at SecretString',
  ],
  [
    'noPlaintextSecret',
    secretIn({ SecretString: '{"ringVersion":0,"purpose":"jwt","material":"hunter2"}' }),
    'Bad: has a secret in plain text at SecretString',
  ],
  [
    'noPlaintextSecret',
    secretIn({ Environment: { Variables: { DB_PASSWORD: 'hunter2' } } }),
    'Bad: has a secret in plain text at Environment.Variables.DB_PASSWORD',
  ],
  [
    'noPlaintextSecret',
    secretIn({ BodyParameters: [{ Key: 'routing_key', IsValueSecret: true, Value: 'hunter2' }] }),
    'Bad: has a secret in plain text at BodyParameters.0.Value',
  ],
  [
    'noPlaintextSecret',
    secretIn({ ApiKeyAuthParameters: { ApiKeyName: 'X-Key', ApiKeyValue: 'hunter2' } }),
    'Bad: has a secret in plain text at ApiKeyAuthParameters.ApiKeyValue',
  ],
  [
    'nothingInTheDefaultSecurityGroup',
    fixture('AWS::Lambda::Function', {
      SecurityGroupIds: [{ 'Fn::GetAtt': ['Vpc', 'DefaultSecurityGroup'] }],
    }),
    'Bad: uses the default security group',
  ],
  [
    'everyDataResourceHasPolicies',
    fixture('AWS::RDS::DBInstance', {}),
    'Bad: has no explicit removal policy',
  ],
];

describe('each guard fails on what it guards against:', () => {
  test.each(BAD)('%s', (name, template, finding) => {
    expect(GUARDS[name](template)).toContain(finding);
  });

  test('none is without a bad fixture', () => {
    expect([...new Set(BAD.map(([name]) => name))].sort()).toEqual(Object.keys(GUARDS).sort());
  });
});

describe.each(ENVIRONMENT_NAMES)('%s', (environment) => {
  test.each(Object.entries(GUARDS))('%s', (_name, guard) => {
    const findings = STACKS.flatMap((stack) => {
      const template = templatesOf(environment)[stack]?.toJSON() as CfnTemplate | undefined;
      return template ? guard(template).map((finding) => `${stack}/${finding}`) : [];
    });

    expect(findings).toEqual([]);
  });
});
