import type { CfnTemplate } from './guards';

/** Everybody outside the VPC. */
export const INTERNET = 'internet';

/** `internet → Services/EdgeSecurityGroup: tcp 443`; `all` where a rule names no port. */
export type Connection = `${string} → ${string}: ${string}`;

type Properties = Record<string, unknown>;

interface Rule {
  /** A security group's id in the graph, or a range of addresses. */
  readonly peer: string;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

interface Group {
  readonly ingress: Rule[];
  readonly egress: Rule[];
}

export interface OutputsTemplate extends CfnTemplate {
  readonly Outputs?: Record<
    string,
    { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }
  >;
}

const ANYWHERE = '0.0.0.0/0';

/**
 * Who can connect to whom, by the security groups of all stacks of an environment taken together: a connection is there when
 * the one's rules let it out and the other's let it in. A group of which the template says nothing about what goes out lets
 * everything out, as EC2 does.
 *
 * @param templates by the stack's name
 * @param vpcRange of the VPC: what is allowed from it is allowed from every group
 * @throws Error for a rule that it cannot read: what is not understood is not proven
 */
export function connectionsOf(
  templates: Readonly<Record<string, OutputsTemplate>>,
  vpcRange: string,
): Connection[] {
  const groups = groupsOf(templates);
  const names = [INTERNET, ...groups.keys()];
  return names
    .flatMap((from) => names.flatMap((to) => (from === to ? [] : between(from, to, groups, vpcRange))))
    .sort();
}

/** Everybody that can be reached from somebody, over however many others. */
export function reachableFrom(start: string, connections: readonly Connection[]): string[] {
  const reached = new Set<string>();
  const toVisit = [start];
  for (let next = toVisit.pop(); next !== undefined; next = toVisit.pop()) {
    for (const connection of connections) {
      const [from = '', rest = ''] = connection.split(' → ');
      const to = rest.split(': ')[0] ?? '';
      // The internet is an end: what answers there is not ours.
      if (from !== next || reached.has(to)) continue;
      reached.add(to);
      if (to !== INTERNET) toVisit.push(to);
    }
  }
  return [...reached].sort();
}

function between(
  from: string,
  to: string,
  groups: ReadonlyMap<string, Group>,
  vpcRange: string,
): Connection[] {
  const everything: Rule[] = [{ peer: ANYWHERE, protocol: '-1', from: 0, to: 65_535 }];
  const out = (groups.get(from)?.egress ?? everything).filter(({ peer }) => admits(peer, to, vpcRange));
  const into = (groups.get(to)?.ingress ?? everything).filter(({ peer }) => admits(peer, from, vpcRange));
  const ports = out.flatMap((one) => into.flatMap((other) => common(one, other) ?? []));
  return [...new Set(ports)].map((port): Connection => `${from} → ${to}: ${port}`);
}

function admits(peer: string, name: string, vpcRange: string): boolean {
  if (peer === ANYWHERE) return true;
  return name === INTERNET ? false : peer === name || peer === vpcRange;
}

/** The protocol and ports that both rules are about. */
function common(one: Rule, other: Rule): string | undefined {
  if (one.protocol !== '-1' && other.protocol !== '-1' && one.protocol !== other.protocol) return undefined;
  const [from, to] = [Math.max(one.from, other.from), Math.min(one.to, other.to)];
  if (from > to) return undefined;
  const protocol = one.protocol === '-1' ? other.protocol : one.protocol;
  if (protocol === '-1') return 'all';
  return from === to ? `${protocol} ${from}` : `${protocol} ${from}-${to}`;
}

function groupsOf(templates: Readonly<Record<string, OutputsTemplate>>): Map<string, Group> {
  const nameOf = nameResolver(templates);
  const groups = new Map<string, Group>();
  const resources = Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources).map(([id, { Type, Properties = {} }]) => ({ stack, id, Type, Properties })),
  );
  const separateEgress = new Set(
    resources
      .filter(({ Type }) => Type === 'AWS::EC2::SecurityGroupEgress')
      .map(({ stack, Properties }) => nameOf(stack, Properties['GroupId'])),
  );
  for (const { stack, id, Type, Properties } of resources) {
    if (Type !== 'AWS::EC2::SecurityGroup') continue;
    const name = nameOf(stack, { Ref: id });
    const rules = (key: string) =>
      ((Properties[key] ?? []) as Properties[]).map((rule) => readRule(rule, stack, nameOf));
    const saysNothing = Properties['SecurityGroupEgress'] === undefined && !separateEgress.has(name);
    groups.set(name, {
      ingress: rules('SecurityGroupIngress'),
      egress: saysNothing
        ? [{ peer: ANYWHERE, protocol: '-1', from: 0, to: 65_535 }]
        : rules('SecurityGroupEgress'),
    });
  }
  for (const { stack, Type, Properties } of resources) {
    const direction = {
      'AWS::EC2::SecurityGroupIngress': 'ingress',
      'AWS::EC2::SecurityGroupEgress': 'egress',
    }[Type] as keyof Group | undefined;
    if (direction === undefined) continue;
    const owner = groups.get(nameOf(stack, Properties['GroupId']));
    if (!owner) throw new Error(`a rule of ${stack} belongs to a group that no template has`);
    owner[direction].push(readRule(Properties, stack, nameOf));
  }
  return groups;
}

type NameOf = (stack: string, reference: unknown) => string;

function readRule(rule: Properties, stack: string, nameOf: NameOf): Rule {
  const group = rule['SourceSecurityGroupId'] ?? rule['DestinationSecurityGroupId'];
  const range = rule['CidrIp'];
  if (group === undefined && typeof range !== 'string') {
    throw new Error(`a rule of ${stack} names neither a group nor a range: ${JSON.stringify(rule)}`);
  }
  const protocol = String(rule['IpProtocol']);
  // Of ICMP these are types and codes.
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  return {
    peer: group === undefined ? (range as string) : nameOf(stack, group),
    protocol,
    from: hasPorts ? portOf(rule['FromPort'], stack) : 0,
    to: hasPorts ? portOf(rule['ToPort'], stack) : 65_535,
  };
}

function portOf(port: unknown, stack: string): number {
  if (typeof port !== 'number')
    throw new Error(`a rule of ${stack} has no port of its own: ${JSON.stringify(port)}`);
  return port;
}

/** Names a group by its stack and its logical id, without the end that CDK gives it, also when another stack exports it. */
function nameResolver(templates: Readonly<Record<string, OutputsTemplate>>): NameOf {
  const exported = new Map(
    Object.entries(templates).flatMap(([stack, { Outputs = {} }]) =>
      Object.values(Outputs).flatMap(({ Value, Export }) =>
        typeof Export?.Name === 'string' ? [[Export.Name, { stack, value: Value }] as const] : [],
      ),
    ),
  );
  const nameOf: NameOf = (stack, reference) => {
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::ImportValue': imported } = (reference ?? {}) as Properties;
    if (typeof imported === 'string') {
      const found = exported.get(imported);
      if (!found) throw new Error(`${stack} imports ${imported}, which no template exports`);
      return nameOf(found.stack, found.value);
    }
    const id = typeof Ref === 'string' ? Ref : (attribute as string[] | undefined)?.[0];
    if (id === undefined)
      throw new Error(`${stack} refers to a group in a way unknown: ${JSON.stringify(reference)}`);
    return `${stack}/${id.replace(/[0-9A-F]{8}$/, '')}`;
  };
  return nameOf;
}
