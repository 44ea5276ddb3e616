import { Match, Template } from 'aws-cdk-lib/assertions';
import { ServicesOperations } from '../../../core/services';
import { ServicesOperationsParameter } from '../../../lib/services/services-operations-parameter';
import { ServicesOperatorAccess } from '../../../lib/services/services-operator-access';
import { type CfnTemplate, GUARDS } from '../support/guards';
import { edgeStack, platform } from './edge/edge-stack';

describe('what was deployed', () => {
  test('is written in the form that the command line reads, with what ECS and CloudFormation call it', () => {
    const { stack, service } = edgeStack();
    new ServicesOperationsParameter(stack, 'Operations', 'test', [
      { name: 'gateway', service: service('Gateway', 8080), version: 'c0ffee' },
    ]);
    const [parameter] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Parameter'));
    const { Name, Value } = parameter!['Properties'] as {
      Name: string;
      Value: { 'Fn::Join': [string, unknown[]] };
    };
    const parts = Value['Fn::Join'][1];

    expect(Name).toBe('/golive/test/services');
    expect(parts.filter((part) => typeof part === 'object')).toEqual([
      { 'Fn::GetAtt': [expect.stringMatching(/^Cluster/), 'Arn'] },
      { Ref: expect.stringMatching(/^GatewayService/) as string },
      { Ref: expect.stringMatching(/^GatewayTask/) as string },
    ]);
    const written = ['cluster', 'service', 'arn:aws:ecs:eu-central-1:1:task-definition/gateway:12'];
    const text = parts.map((part) => (typeof part === 'string' ? part : written.shift())).join('');
    expect(ServicesOperations.parse(JSON.parse(text))).toMatchObject({
      environment: 'test',
      services: [{ name: 'gateway', version: 'c0ffee', serviceArn: 'service' }],
    });
  });
});

describe('who looks at services', () => {
  const looking = () => {
    const made = edgeStack();
    new ServicesOperatorAccess(made.stack, 'Operator', { platform, cluster: made.cluster });
    return made;
  };

  test('sees those of one cluster, and may change nothing', () => {
    const template = looking().template();
    const cluster = { Ref: Match.stringLikeRegexp('^Cluster') };
    const of = (resource: string) => ({
      'Fn::Join': ['', [`arn:aws:ecs:eu-central-1:111111111111:${resource}/`, cluster, '/*']],
    });

    template.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      ManagedPolicyName: 'golive-test-services-operator-eu-central-1',
      PolicyDocument: {
        Statement: [
          {
            Action: 'ssm:GetParameter',
            Resource: 'arn:aws:ssm:eu-central-1:111111111111:parameter/golive/test/services',
          },
          { Action: ['ecs:DescribeServices', 'ecs:ListServiceDeployments'], Resource: of('service') },
          { Action: 'ecs:DescribeServiceDeployments', Resource: of('service-deployment') },
          { Action: 'ecs:DescribeServiceRevisions', Resource: of('service-revision') },
          {
            Action: ['ecs:DescribeTasks', 'ecs:ListTasks'],
            Resource: '*',
            Condition: { ArnEquals: { 'ecs:cluster': { 'Fn::GetAtt': [Match.anyValue(), 'Arn'] } } },
          },
          { Action: 'ecs:DescribeTaskDefinition', Resource: '*' },
        ],
      },
    });
  });

  test('is let look by no wildcard that nothing narrows', () => {
    const template = looking().template().toJSON() as CfnTemplate;
    expect(GUARDS.noWildcardWithoutCondition(template)).toEqual([]);
  });
});
