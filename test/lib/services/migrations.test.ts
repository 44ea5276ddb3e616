import { Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { ContainerImage, CfnService } from 'aws-cdk-lib/aws-ecs';
import { resolveValue } from '../../../local/cloudformation/intrinsics';
import { parseStateMachine } from '../../../local/state-machine/definition';
import { Migrations } from '../../../lib/services/migrations';
import { LIMITS } from '../../../lib/services/migration-definition';
import { platformSettings } from '../../../lib/shared/platform-settings';
import { configOf, makeApp } from '../support/synthesis';

const SECRET = {
  secretArn: 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:app-AbCdEf',
  keyArn: 'arn:aws:kms:eu-central-1:333333333333:key/1',
};

const ENVIRONMENT = { env: { account: '333333333333', region: 'eu-central-1' } };

/** The construct alone, as a stack of services uses it. */
function synthesise(
  image = 'gateway:1',
  environment: Record<string, string> = { LOG_LEVEL: 'INFO' },
): Template {
  const stack = new Stack(new Stage(makeApp(), 'stage'), 'Services', ENVIRONMENT);
  const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }) as IVpc;
  const migrations = new Migrations(stack, 'Migrations', {
    platform: platformSettings(configOf('prod')),
    vpc,
    cluster: { clusterArn: 'arn:aws:ecs:eu-central-1:333333333333:cluster/services' },
    subnets: { subnets: vpc.privateSubnets },
    image: ContainerImage.fromRegistry(image),
    environment: { ...environment, OTEL_ENABLED: 'true' },
    secrets: [SECRET],
  });
  const gateway = new CfnService(stack, 'Gateway', { taskDefinition: 'gateway:1' });
  gateway.node.addDependency(migrations);
  return Template.fromStack(stack);
}

let made: Template | undefined;
const template = () => (made ??= synthesise());

type Resource = { readonly DependsOn?: string[]; readonly Properties: Record<string, unknown> };
const only = (type: string, from = template()): [string, Resource] => {
  const [found, ...more] = Object.entries(from.findResources(type)) as [string, Resource][];
  if (!found || more.length > 0) throw new Error(`not one ${type}`);
  return found;
};

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}
/** What a part of the construct may do, by action. */
const rightsOf = (part: string): Record<string, Statement> =>
  Object.fromEntries(
    Object.entries(template().findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith(part))
      .flatMap(
        ([, { Properties }]) =>
          (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
      )
      .flatMap((statement) => [statement.Action].flat().map((action) => [action, statement] as const)),
  );
const IN_CLUSTER = {
  ArnEquals: { 'ecs:cluster': 'arn:aws:ecs:eu-central-1:333333333333:cluster/services' },
};

describe('the migrations', () => {
  test('come before the service that depends on them, and after everything that they need', () => {
    const [id, resource] = only('Custom::Migrations');
    expect(only('AWS::ECS::Service')[1].DependsOn).toContain(id);
    const needed = [
      'AWS::IAM::Policy',
      'AWS::EC2::SecurityGroup',
      'AWS::Lambda::Permission',
      'AWS::Events::Rule',
    ];
    const all = needed.flatMap((type) => Object.keys(template().findResources(type)));
    expect(
      all.filter((need) => need.startsWith('Migrations') && !resource.DependsOn?.includes(need)),
    ).toEqual([]);
  });

  test('run when the image is another one, or what it is told, and not otherwise', () => {
    const [, { Properties }] = only('Custom::Migrations');
    expect(Properties).toEqual({
      ServiceToken: expect.anything() as unknown,
      TaskDefinition: { Ref: expect.stringMatching(/^MigrationsDefinition/) as string },
      ServiceTimeout: '3600',
    });
    const [, before] = only('AWS::ECS::TaskDefinition');
    expect(only('AWS::ECS::TaskDefinition', synthesise())[1]).toEqual(before);
    expect(only('AWS::ECS::TaskDefinition', synthesise('gateway:2'))[1]).not.toEqual(before);
  });

  test('end, with their answer, before CloudFormation gives up', () => {
    const [task, run, answer] = [LIMITS.task, LIMITS.run, LIMITS.answer].map((limit) => limit.toSeconds());
    const tellings = 4 * 60 + 5 + 10 + 20;
    const beginnings = 5 + 10 + 20 + 40;
    expect(task! + beginnings + tellings).toBeLessThan(run!);
    // And once more from outside, three times a minute, with Lambda's pauses of one minute and two.
    expect(run!).toBeLessThan(answer!);
    // The longest that CloudFormation allows.
    expect(answer).toBe(3600);
  });

  test('run as the gateway’s image does, hardened, with what the gateway is told but for a collector', () => {
    template().hasResourceProperties('AWS::ECS::TaskDefinition', {
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
      ContainerDefinitions: [
        Match.objectLike({
          Name: 'migrate',
          Image: 'gateway:1',
          Command: ['node', '/app/main.js', 'migrate'],
          User: '1000:1000',
          ReadonlyRootFilesystem: true,
          LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
          Environment: [
            { Name: 'LOG_LEVEL', Value: 'INFO' },
            { Name: 'OTEL_ENABLED', Value: 'false' },
          ],
        }),
      ],
    });
  });

  test('the task reads what it was given, through Secrets Manager alone', () => {
    const rights = rightsOf('MigrationsRole');
    expect(Object.keys(rights)).toEqual(['secretsmanager:GetSecretValue', 'kms:Decrypt']);
    expect(rights['secretsmanager:GetSecretValue']?.Resource).toBe(SECRET.secretArn);
  });

  test('the state machine runs revisions of this task in this cluster, and invokes one function', () => {
    const rights = rightsOf('MigrationsMachine');
    const [, { Properties }] = only('AWS::ECS::TaskDefinition');
    expect(rights['ecs:RunTask']).toMatchObject({
      Resource: `arn:aws:ecs:eu-central-1:333333333333:task-definition/${String(Properties['Family'])}:*`,
      Condition: IN_CLUSTER,
    });
    expect(rights['ecs:StopTask']?.Condition).toEqual(IN_CLUSTER);
    expect(rights['lambda:InvokeFunction']?.Resource).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^MigrationsAnswerTell/), 'Arn'],
    });
    expect(rights['iam:PassRole']).toMatchObject({
      Resource: [
        { 'Fn::GetAtt': [expect.stringMatching(/^MigrationsDefinitionExecutionRole/), 'Arn'] },
        { 'Fn::GetAtt': [expect.stringMatching(/^MigrationsRole/), 'Arn'] },
      ],
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
  });

  test('who begins them may leave a URL and start this state machine; who tells may read both, and stop a task', () => {
    const every = /^(logs:Create|logs:Put|xray:|kms:|sqs:|secretsmanager:GetSecretValue$)/;
    const own = (rights: Record<string, Statement>) =>
      Object.keys(rights).filter((action) => !every.test(action));
    expect(own(rightsOf('MigrationsBegin'))).toEqual([
      'secretsmanager:PutSecretValue',
      'states:StartExecution',
    ]);
    const tell = rightsOf('MigrationsAnswer');
    expect(own(tell)).toEqual(['logs:GetLogEvents', 'ecs:DescribeTasks', 'ecs:ListTasks', 'ecs:StopTask']);
    expect(tell['logs:GetLogEvents']?.Resource).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^MigrationsLogs/), 'Arn'],
    });
    expect(tell['ecs:StopTask']?.Condition).toEqual(IN_CLUSTER);
  });

  test('every end that is none of its own is told, too: stopped, out of time, or not told', () => {
    template().hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [{ Ref: Match.stringLikeRegexp('^MigrationsMachine') }],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^MigrationsAnswerTell'), 'Arn'] },
          DeadLetterConfig: Match.anyValue(),
        }),
      ],
    });
  });

  test('the URL of the answer is in a secret that goes with the stack', () => {
    template().hasResource('AWS::SecretsManager::Secret', { DeletionPolicy: 'Delete' });
  });

  test('a run that failed is an alarm for an hour', () => {
    template().hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('runbook.md#services-migrations-failing$'),
      EvaluationPeriods: 12,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('in public subnets the task has an address, without which it pulls no image', async () => {
    const stack = new Stack(new Stage(makeApp(), 'stage'), 'Public', ENVIRONMENT);
    const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 }) as IVpc;
    new Migrations(stack, 'Migrations', {
      platform: platformSettings(configOf('dev')),
      vpc,
      cluster: { clusterArn: 'arn:cluster' },
      subnets: { subnets: vpc.publicSubnets },
      image: ContainerImage.fromRegistry('gateway:1'),
      environment: {},
      secrets: [],
    });
    const parametersIn = async (from: Template) => {
      const [, { Properties }] = only('AWS::StepFunctions::StateMachine', from);
      return JSON.stringify(parseStateMachine(await definitionText(Properties)).States['Migrate']);
    };
    expect(await parametersIn(Template.fromStack(stack))).toContain('"AssignPublicIp":"ENABLED"');
    expect(await parametersIn(template())).toContain('"AssignPublicIp":"DISABLED"');
  });
});

/** With every reference settled to something. */
async function definitionText(properties: Record<string, unknown>): Promise<string> {
  const text = await resolveValue(properties['DefinitionString'], {
    template: { Resources: {}, Parameters: {}, Conditions: {}, Mappings: {}, Outputs: {} },
    pseudo: { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-central-1', 'AWS::AccountId': '333333333333' },
    ref: (id) => id,
    attribute: (id, name) => `${id}.${name}`,
    importValue: (name) => name,
    dynamic: (reference) => Promise.resolve(reference),
  });
  return String(text);
}
