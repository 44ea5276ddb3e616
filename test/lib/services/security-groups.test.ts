import { ENVIRONMENT_NAMES, type EnvironmentName } from '../../../lib/config';
import {
  type Connection,
  connectionsOf,
  INTERNET,
  type OutputsTemplate,
  reachableFrom,
} from '../support/security-graph';
import { configOf, templatesOf } from '../support/synthesis';

const EDGE = 'Services/EdgeSecurityGroup';
const GATEWAY = 'Services/GatewaySecurityGroup';
const FRONTEND = 'Services/FrontendSecurityGroup';
const MIGRATIONS = 'Services/MigrationsSecurityGroup';
const POSTGRES = 'Database/PostgresSecurityGroup';
const CACHE = 'Database/CacheSecurityGroup';
const ENDPOINTS = 'Network/EndpointSecurityGroup';

const templatesAsJson = (name: EnvironmentName): Record<string, OutputsTemplate> =>
  Object.fromEntries(
    Object.entries(templatesOf(name)).flatMap(([stack, template]) =>
      template && stack !== 'Recovery' ? [[stack, template.toJSON() as OutputsTemplate]] : [],
    ),
  );
const connectionsIn = (name: EnvironmentName) =>
  connectionsOf(templatesAsJson(name), configOf(name).network.cidr);
const from = (name: string, connections: readonly Connection[]) =>
  connections.filter((connection) => connection.startsWith(`${name} → `));
const into = (name: string, connections: readonly Connection[]) =>
  connections.filter((connection) => connection.includes(` → ${name}: `));

describe.each(ENVIRONMENT_NAMES)('in %s', (environment) => {
  const { edge, network } = configOf(environment);
  const hasEndpoints = network.interfaceEndpoints.length > 0;
  let connections: Connection[];

  beforeAll(() => {
    connections = connectionsIn(environment);
  });

  /** HTTPS to whoever has it: AWS, and the door, as everybody. */
  const https = (name: string) => [
    ...(hasEndpoints ? [`${name} → ${ENDPOINTS}: tcp 443`] : []),
    ...(edge.plainHttp ? [] : [`${name} → ${EDGE}: tcp 443`]),
    `${name} → ${INTERNET}: tcp 443`,
  ];

  test('the internet reaches the load balancer and nobody else', () => {
    expect(from(INTERNET, connections)).toEqual([
      ...(edge.plainHttp ? [] : [`${INTERNET} → ${EDGE}: tcp 443`]),
      `${INTERNET} → ${EDGE}: tcp 80`,
    ]);
  });

  test('the load balancer reaches the two services, each at its port, and not the gateway’s internal one', () => {
    expect(from(EDGE, connections)).toEqual([
      `${EDGE} → ${FRONTEND}: tcp 3000`,
      `${EDGE} → ${GATEWAY}: tcp 8080`,
    ]);
  });

  test('the frontend reaches the gateway at its internal port, and no data', () => {
    expect(from(FRONTEND, connections).sort()).toEqual(
      [`${FRONTEND} → ${GATEWAY}: tcp 8081`, ...https(FRONTEND)].sort(),
    );
  });

  test('the gateway reaches PostgreSQL and the cache', () => {
    expect(from(GATEWAY, connections).sort()).toEqual(
      [`${GATEWAY} → ${CACHE}: tcp 6379`, `${GATEWAY} → ${POSTGRES}: tcp 5432`, ...https(GATEWAY)].sort(),
    );
  });

  test('the migrations reach PostgreSQL, and nobody reaches them', () => {
    expect(from(MIGRATIONS, connections).sort()).toEqual(
      [`${MIGRATIONS} → ${POSTGRES}: tcp 5432`, ...https(MIGRATIONS)].sort(),
    );
    expect(into(MIGRATIONS, connections)).toEqual([]);
  });

  test('nobody but the gateway and the frontend, from inside, reaches a service', () => {
    expect([...into(GATEWAY, connections), ...into(FRONTEND, connections)].sort()).toEqual([
      `${EDGE} → ${FRONTEND}: tcp 3000`,
      `${EDGE} → ${GATEWAY}: tcp 8080`,
      `${FRONTEND} → ${GATEWAY}: tcp 8081`,
    ]);
  });

  test('the cache is the gateway’s, and the database is for those who have a login', () => {
    expect(into(CACHE, connections)).toEqual([`${GATEWAY} → ${CACHE}: tcp 6379`]);
    expect(into(POSTGRES, connections).every((connection) => connection.endsWith(': tcp 5432'))).toBe(true);
    expect(into(POSTGRES, connections)).not.toContain(`${FRONTEND} → ${POSTGRES}: tcp 5432`);
  });

  test('data and endpoints lead nowhere', () => {
    for (const end of [POSTGRES, CACHE, ...(hasEndpoints ? [ENDPOINTS] : [])]) {
      expect(reachableFrom(end, connections)).toEqual([]);
    }
  });

  test('between the internet and the data there are always two doors', () => {
    const twoDoors = connections.filter(
      (connection) =>
        !connection.startsWith(`${EDGE} → `) && !connection.startsWith(`${GATEWAY} → ${POSTGRES}`),
    );

    expect(reachableFrom(INTERNET, connections)).toContain(POSTGRES);
    expect(reachableFrom(INTERNET, twoDoors)).toEqual([EDGE]);
  });
});

describe('the walk over the groups catches', () => {
  const group = (rules: object = {}) => ({
    Type: 'AWS::EC2::SecurityGroup',
    Properties: { SecurityGroupEgress: [{ CidrIp: '255.255.255.255/32', IpProtocol: 'icmp' }], ...rules },
  });
  const ingress = (rule: object) => ({ Type: 'AWS::EC2::SecurityGroupIngress', Properties: rule });
  const walk = (resources: object, other: Record<string, OutputsTemplate> = {}) =>
    connectionsOf({ ...other, Stack: { Resources: resources } as OutputsTemplate }, '10.0.0.0/16');
  const tcp = (port: number, rule: object) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, ...rule });

  test('a database that the internet reaches', () => {
    const Database = group({ SecurityGroupIngress: [tcp(5432, { CidrIp: '0.0.0.0/0' })] });

    expect(walk({ Database })).toEqual(['internet → Stack/Database: tcp 5432']);
  });

  test('a group of which the template says nothing that goes out: EC2 lets everything out', () => {
    const Open = { Type: 'AWS::EC2::SecurityGroup', Properties: {} };
    const Database = group({ SecurityGroupIngress: [tcp(5432, { CidrIp: '10.0.0.0/16' })] });

    expect(walk({ Open, Database })).toEqual([
      'Stack/Open → Stack/Database: tcp 5432',
      'Stack/Open → internet: all',
    ]);
  });

  test('a way around over a group that lets in all ports', () => {
    const Edge = group({
      SecurityGroupIngress: [tcp(443, { CidrIp: '0.0.0.0/0' })],
      SecurityGroupEgress: [
        tcp(22, { DestinationSecurityGroupId: { 'Fn::GetAtt': ['Bastion', 'GroupId'] } }),
      ],
    });
    const Bastion = group({ SecurityGroupEgress: [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }] });
    const LetIn = ingress({
      GroupId: { 'Fn::GetAtt': ['Bastion', 'GroupId'] },
      IpProtocol: '-1',
      SourceSecurityGroupId: { 'Fn::GetAtt': ['Edge', 'GroupId'] },
    });
    const Database = group({ SecurityGroupIngress: [tcp(5432, { CidrIp: '10.0.0.0/16' })] });

    expect(reachableFrom('internet', walk({ Edge, Bastion, LetIn, Database }))).toContain('Stack/Database');
  });

  test('a rule that stands in another stack', () => {
    const imported = { 'Fn::ImportValue': 'Data:GroupId' };
    const Data = {
      Resources: { Database: group() },
      Outputs: {
        Id: { Value: { 'Fn::GetAtt': ['Database', 'GroupId'] }, Export: { Name: 'Data:GroupId' } },
      },
    } as OutputsTemplate;
    const LetIn = ingress(tcp(5432, { GroupId: imported, CidrIp: '0.0.0.0/0' }));

    expect(walk({ LetIn }, { Data })).toEqual(['internet → Data/Database: tcp 5432']);
  });

  test.each([
    [
      'a rule for a list of prefixes',
      { SecurityGroupIngress: [tcp(443, { SourcePrefixListId: 'pl-1' })] },
      /neither a group nor a range/,
    ],
    [
      'a port that is known at deployment only',
      {
        SecurityGroupIngress: [
          { IpProtocol: 'tcp', FromPort: { Ref: 'Port' }, ToPort: 1, CidrIp: '0.0.0.0/0' },
        ],
      },
      /no port of its own/,
    ],
    [
      'a group that nobody exports',
      { SecurityGroupIngress: [tcp(1, { SourceSecurityGroupId: { 'Fn::ImportValue': 'x' } })] },
      /imports x, which no template exports/,
    ],
  ])('what it cannot read: %s', (_what, rules, message) => {
    expect(() => walk({ Database: group(rules) })).toThrow(message);
  });

  test('no connection where only one side agrees', () => {
    const Client = group({
      SecurityGroupEgress: [
        tcp(5432, { DestinationSecurityGroupId: { 'Fn::GetAtt': ['Database', 'GroupId'] } }),
      ],
    });

    expect(walk({ Client, Database: group() })).toEqual([]);
  });
});
