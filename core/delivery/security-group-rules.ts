import { show } from './show';
import { asList, isMap, type Value, type ValueMap } from './template';

/** What a security group lets through. */
export interface TrafficRule {
  readonly direction: 'in' | 'out';
  /** `tcp`, or `-1` for any. */
  readonly protocol: string;
  /** `443`, `1024-2048` or `any`. */
  readonly ports: string;
  /** A range, a group or a prefix list. */
  readonly peer: string;
}

/** The ranges that mean everybody. */
export const EVERYBODY: ReadonlySet<string> = new Set(['0.0.0.0/0', '::/0']);

/** The rules of a security group, or of a rule that stands by itself. */
export function rulesOf(type: string, properties: ValueMap): TrafficRule[] {
  switch (type) {
    case 'AWS::EC2::SecurityGroup':
      return [
        ...asList(properties['SecurityGroupIngress']).map((rule) => ruleOf('in', rule)),
        ...asList(properties['SecurityGroupEgress']).map((rule) => ruleOf('out', rule)),
      ];
    case 'AWS::EC2::SecurityGroupIngress':
      return [ruleOf('in', properties)];
    case 'AWS::EC2::SecurityGroupEgress':
      return [ruleOf('out', properties)];
    default:
      return [];
  }
}

/** Rules that let through what none did before. */
export function openedBy(before: readonly TrafficRule[], after: readonly TrafficRule[]): TrafficRule[] {
  // CDK's way to say that nothing may go out: an address that nothing has.
  return after
    .filter(({ peer }) => peer !== '255.255.255.255/32')
    .filter((rule) => !before.some((other) => covers(other, rule)));
}

function covers(one: TrafficRule, other: TrafficRule): boolean {
  return (
    one.direction === other.direction &&
    (one.peer === other.peer ||
      (EVERYBODY.has(one.peer) && one.peer.includes(':') === other.peer.includes(':'))) &&
    (one.protocol === '-1' ||
      (one.protocol === other.protocol && (one.ports === other.ports || one.ports === 'any')))
  );
}

function ruleOf(direction: TrafficRule['direction'], rule: Value): TrafficRule {
  const properties = isMap(rule) ? rule : {};
  const peer = [
    'CidrIp',
    'CidrIpv6',
    'SourceSecurityGroupId',
    'DestinationSecurityGroupId',
    'SourcePrefixListId',
    'DestinationPrefixListId',
    'SourceSecurityGroupName',
  ]
    .map((name) => properties[name])
    .find((value) => value !== undefined);
  return {
    direction,
    protocol: show(properties['IpProtocol'] ?? '-1'),
    ports: portsOf(properties),
    peer: show(peer ?? 'unknown'),
  };
}

function portsOf({ IpProtocol: protocol, FromPort: from, ToPort: to }: ValueMap): string {
  if (protocol === '-1' || from === undefined || from === '-1') return 'any';
  return from === to || to === undefined ? show(from) : `${show(from)}-${show(to)}`;
}
