import { createHash } from 'node:crypto';
import { physicalName, type MadeResource, type Provider, type ResourceRequest } from '../provider';
import type { Model } from './model';
import { ALERTING_MODELS } from './modelled-alerting';
import { EDGE_MODELS } from './modelled-edge';

const NETWORK = 'loopback is the network here';
const PERMISSIONS = 'the emulator enforces no permissions; tests read the policies from the template';
const SCALING = 'nothing scales here: a service has one task';
const ALARM = 'nothing evaluates alarms here; tests read them from the template';

const MODELS: Record<string, Model> = {
  ...ALERTING_MODELS,
  ...EDGE_MODELS,
  'AWS::CloudWatch::Alarm': { note: ALARM, attributes: arnOf('cloudwatch', 'alarm:') },
  'AWS::CloudWatch::CompositeAlarm': { note: ALARM, attributes: arnOf('cloudwatch', 'alarm:') },
  'AWS::CloudWatch::Dashboard': { note: 'nothing draws dashboards here; tests read them from the template' },
  'AWS::EC2::EIP': {
    note: NETWORK,
    attributes: (_, id) => ({ AllocationId: `eipalloc-${id}`, PublicIp: '127.0.0.1' }),
  },
  'AWS::EC2::FlowLog': { note: NETWORK, ref: (_, id) => `fl-${id}` },
  'AWS::EC2::InternetGateway': {
    note: NETWORK,
    ref: (_, id) => `igw-${id}`,
    attributes: (_, id) => ({ InternetGatewayId: `igw-${id}` }),
  },
  'AWS::EC2::NatGateway': {
    note: NETWORK,
    ref: (_, id) => `nat-${id}`,
    attributes: (_, id) => ({ NatGatewayId: `nat-${id}` }),
  },
  'AWS::EC2::Route': { note: NETWORK },
  'AWS::EC2::RouteTable': {
    note: NETWORK,
    ref: (_, id) => `rtb-${id}`,
    attributes: (_, id) => ({ RouteTableId: `rtb-${id}` }),
  },
  'AWS::EC2::SecurityGroup': {
    note: NETWORK,
    ref: (_, id) => `sg-${id}`,
    attributes: (_, id) => ({ GroupId: `sg-${id}` }),
  },
  'AWS::EC2::SecurityGroupEgress': { note: NETWORK, ref: (_, id) => `sgr-${id}` },
  'AWS::EC2::SecurityGroupIngress': { note: NETWORK, ref: (_, id) => `sgr-${id}` },
  'AWS::EC2::Subnet': {
    note: NETWORK,
    ref: (_, id) => `subnet-${id}`,
    attributes: (_, id) => ({ SubnetId: `subnet-${id}` }),
  },
  'AWS::EC2::SubnetRouteTableAssociation': { note: NETWORK },
  'AWS::EC2::VPC': {
    note: NETWORK,
    ref: (_, id) => `vpc-${id}`,
    attributes: ({ properties }, id) => ({ VpcId: `vpc-${id}`, CidrBlock: String(properties['CidrBlock']) }),
  },
  'AWS::EC2::VPCEndpoint': { note: NETWORK, ref: (_, id) => `vpce-${id}` },
  'AWS::EC2::VPCGatewayAttachment': { note: NETWORK },
  'AWS::ApplicationAutoScaling::ScalableTarget': {
    note: SCALING,
    ref: ({ properties }) =>
      `${String(properties['ResourceId'])}|${String(properties['ScalableDimension'])}|${String(properties['ServiceNamespace'])}`,
  },
  'AWS::ApplicationAutoScaling::ScalingPolicy': {
    note: SCALING,
    attributes: arnOf('autoscaling', 'policy/'),
  },
  'AWS::ECS::Cluster': { note: 'processes need no cluster', attributes: arnOf('ecs', 'cluster/') },
  'AWS::ECS::ClusterCapacityProviderAssociations': { note: 'processes need no capacity' },
  'AWS::ElastiCache::SubnetGroup': { note: NETWORK },
  'AWS::IAM::Policy': { note: PERMISSIONS },
  'AWS::IAM::ManagedPolicy': { note: PERMISSIONS },
  'AWS::IAM::Role': { note: PERMISSIONS, attributes: arnOf('iam', 'role/') },
  'AWS::Lambda::EventSourceMapping': {
    note: 'nobody polls the queue here; a test hands its function the messages',
    ref: (_, id) => `esm-${id}`,
  },
  'AWS::KMS::Alias': {
    note: 'policies name keys by it, and the emulator enforces none',
    ref: ({ properties }) => String(properties['AliasName']),
  },
  'AWS::Logs::LogGroup': {
    note: 'nothing is written to log groups here; a function’s lines come back with its invocation',
    attributes: arnOf('logs', 'log-group:'),
  },
  'AWS::RDS::DBSubnetGroup': { note: NETWORK },
  'AWS::S3::BucketPolicy': { note: PERMISSIONS },
  'AWS::SQS::QueuePolicy': { note: PERMISSIONS },
  'AWS::ServiceDiscovery::HttpNamespace': {
    note: 'services are told one another’s addresses here',
    ref: (_, id) => `ns-${id}`,
    attributes: (request, id) => ({
      ...arnOf('servicediscovery', 'namespace/')(request, id),
      Id: `ns-${id}`,
    }),
  },
};

/** Every type that has an identity here and no behaviour. */
export const modelledProviders: Readonly<Record<string, Provider>> = Object.fromEntries(
  Object.entries(MODELS).map(([type, model]) => [
    type,
    {
      treatment: 'modelled',
      note: model.note,
      make: (request): Promise<MadeResource> => {
        const id = stableId(request);
        const ref = model.ref?.(request, id) ?? physicalName(request);
        return Promise.resolve({ ref, attributes: model.attributes?.(request, id) ?? {} });
      },
    } satisfies Provider,
  ]),
);

function arnOf(service: string, prefix: string): NonNullable<Model['attributes']> {
  return (request) => ({ Arn: `arn:aws:${service}::local:${prefix}${physicalName(request)}` });
}

/** Such as EC2 gives: 17 hexadecimal digits, the same in every run. */
function stableId({ stack, logicalId }: ResourceRequest): string {
  return createHash('sha256').update(`${stack}/${logicalId}`).digest('hex').slice(0, 17);
}
