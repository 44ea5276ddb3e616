import { Match } from 'aws-cdk-lib/assertions';
import { configOf, outlineOf, templatesFor, templatesOf } from '../support/synthesis';

const subnetsOf = (template: ReturnType<typeof templatesOf>['Network']) =>
  Object.values(template.findResources('AWS::EC2::Subnet')).map(
    ({ Properties }) =>
      Properties as { AvailabilityZone: string; CidrBlock: string; MapPublicIpOnLaunch: boolean },
  );

describe('the network', () => {
  test('of dev has no NAT: nothing in it reaches the internet', () => {
    const { Network } = templatesOf('dev');

    Network.resourceCountIs('AWS::EC2::NatGateway', 0);
    Network.resourceCountIs('AWS::EC2::Subnet', 4);
  });

  test('of staging has one NAT gateway, and of prod one per zone', () => {
    templatesOf('staging').Network.resourceCountIs('AWS::EC2::NatGateway', 1);
    templatesOf('prod').Network.resourceCountIs('AWS::EC2::NatGateway', 3);
  });

  test('lies in the configured zones and gives nobody a public address unasked', () => {
    const subnets = subnetsOf(templatesOf('prod').Network);

    expect(new Set(subnets.map((subnet) => subnet.AvailabilityZone))).toEqual(
      new Set(configOf('prod').zones),
    );
    expect(subnets.filter((subnet) => subnet.MapPublicIpOnLaunch)).toEqual([]);
  });

  test('keeps its data subnets where they are when NAT or a third zone is added', () => {
    const { zones, ...dev } = configOf('dev');
    const before = subnetsOf(templatesOf('dev').Network);
    const after = subnetsOf(
      templatesFor({
        ...dev,
        zones: [...zones, 'eu-central-1c'],
        network: { ...dev.network, nat: 'per-zone' },
      }).Network,
    );

    expect(after).toHaveLength(9);
    expect(after).toEqual(expect.arrayContaining(before));
  });

  test.each(['dev', 'prod'] as const)('of %s reaches S3 without NAT', (name) => {
    templatesOf(name).Network.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      ServiceName: Match.objectLike({ 'Fn::Join': ['', Match.arrayWith(['.s3'])] }),
    });
  });

  test('has the interface endpoints that it is configured with, for HTTPS from the VPC only', () => {
    const { Network } = templatesOf('dev');

    Network.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Interface',
      PrivateDnsEnabled: true,
      ServiceName: 'com.amazonaws.eu-central-1.secretsmanager',
    });
    Network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '10.10.0.0/16', FromPort: 443, ToPort: 443 })],
    });
    templatesOf('staging').Network.resourcePropertiesCountIs(
      'AWS::EC2::VPCEndpoint',
      { VpcEndpointType: 'Interface' },
      0,
    );
  });

  test('logs its flows where it is configured to, with a retention', () => {
    const { Network } = templatesOf('prod');

    Network.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL' });
    Network.hasResource('AWS::Logs::LogGroup', {
      Properties: { RetentionInDays: 90 },
      DeletionPolicy: 'Retain',
    });
    templatesOf('dev').Network.resourceCountIs('AWS::EC2::FlowLog', 0);
  });

  test('is the reviewed one', () => {
    expect(outlineOf(templatesOf('dev').Network)).toMatchSnapshot();
  });
});
