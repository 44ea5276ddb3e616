import { at, becomes, type Check, dropped, lowered, switchedOff, switchedOn } from './property-checks';
import { show } from './show';
import { asList, isMap, type Value } from './template';

const publicAccess = [
  'BlockPublicAcls',
  'BlockPublicPolicy',
  'IgnorePublicAcls',
  'RestrictPublicBuckets',
].map((name) =>
  switchedOff(
    `PublicAccessBlockConfiguration.${name}`,
    `would no longer have ${name}: it could be made public`,
  ),
);

const changedTo =
  (path: string, says: (to: string) => string): Check =>
  (before, after) => {
    const [was, is] = [at(before, path), at(after, path)];
    return typeof is === 'string' && was !== undefined && was !== is ? says(is) : undefined;
  };

const anyContainer = (path: string, value: string, says: string): Check => {
  const has = (containers: Value | undefined) =>
    asList(containers).some((container) => isMap(container) && at(container, path) === value);
  return (before, after) =>
    has(after['ContainerDefinitions']) && !has(before['ContainerDefinitions']) ? says : undefined;
};

/** What keeps others out, by type: each check says what would be more open. */
export const EXPOSURES: Readonly<Record<string, readonly Check[]>> = {
  'AWS::S3::Bucket': [
    ...publicAccess,
    dropped('BucketEncryption', 'would no longer say how it is encrypted'),
  ],
  'AWS::RDS::DBInstance': [switchedOn('PubliclyAccessible', 'would be reachable from the internet')],
  'AWS::ElastiCache::ReplicationGroup': [
    switchedOff('TransitEncryptionEnabled', 'would be talked to in clear'),
  ],
  'AWS::KMS::Key': [switchedOff('EnableKeyRotation', 'would no longer rotate')],
  'AWS::IAM::Role': [
    dropped('PermissionsBoundary', 'would have no permissions boundary'),
    (before, after) =>
      lowered('MaxSessionDuration', () => '', 3600)(after, before) === undefined
        ? undefined
        : 'would give sessions that last longer',
  ],
  'AWS::IAM::OIDCProvider': [changedTo('Url', (to) => `would trust another issuer: ${to}`)],
  'AWS::EC2::Subnet': [switchedOn('MapPublicIpOnLaunch', 'would give public addresses')],
  'AWS::EC2::Route': [
    (before, after) =>
      after['GatewayId'] !== undefined && show(before['GatewayId']) !== show(after['GatewayId'])
        ? 'would lead to another gateway: is it the internet’s?'
        : undefined,
  ],
  'AWS::ElasticLoadBalancingV2::Listener': [
    becomes('Protocol', 'HTTP', 'would be spoken to in clear'),
    changedTo('SslPolicy', (to) => `would use another TLS policy: ${to}`),
  ],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': [
    becomes('Scheme', 'internet-facing', 'would be reachable from the internet'),
  ],
  'AWS::WAFv2::WebACL': [
    (before, after) =>
      show(at(before, 'DefaultAction.Block')) !== show(at(after, 'DefaultAction.Block')) &&
      at(after, 'DefaultAction.Allow') !== undefined
        ? 'would let through what no rule names'
        : undefined,
    (before, after) => {
      const names = (rules: Value | undefined) =>
        asList(rules).map((rule) => (isMap(rule) ? show(rule['Name']) : ''));
      const left = names(before['Rules']).filter((name) => !names(after['Rules']).includes(name));
      return left.length > 0 ? `would no longer have ${left.join(', ')}` : undefined;
    },
  ],
  'AWS::ECS::Service': [switchedOn('EnableExecuteCommand', 'would let people run commands in its tasks')],
  'AWS::ECS::TaskDefinition': [
    anyContainer('Privileged', 'true', 'would run a privileged container'),
    anyContainer('ReadonlyRootFilesystem', 'false', 'would run a container that may write to its root'),
    anyContainer('User', 'root', 'would run a container as root'),
  ],
  'AWS::SecretsManager::ResourcePolicy': [
    switchedOff('BlockPublicPolicy', 'would no longer refuse a policy that is open to everybody'),
  ],
  'AWS::Lambda::Url': [becomes('AuthType', 'NONE', 'could be called by everybody')],
};

/** What keeps others out by being there. */
export const GUARDS: ReadonlyMap<string, string> = new Map([
  ['AWS::WAFv2::WebACLAssociation', 'the firewall before the load balancer'],
  ['AWS::WAFv2::WebACL', 'a firewall'],
  ['AWS::EC2::FlowLog', 'the record of the network’s traffic'],
  ['AWS::CloudTrail::Trail', 'the record of what is done in the account'],
  ['AWS::GuardDuty::Detector', 'the detection of threats'],
  ['AWS::SecretsManager::RotationSchedule', 'the rotation of a secret'],
]);
