import { gatewayConnections, maxConnections, OTHER_CONNECTIONS, OVERLAP } from './connection-budget';
import { fargateMemoryProblem } from './fargate';
import { type Rule, unless } from './rule';
import type { EnvironmentConfig } from './schema';

const WEB_SERVICES = ['gateway', 'frontend'] as const;
type WebServiceName = (typeof WEB_SERVICES)[number];

/** To send what Sentry and the collector still hold, and to be late. */
const SECONDS_TO_FLUSH = 5;
/** The collector ends after the service, and sends what it holds. */
export const COLLECTOR_STOP_SECONDS = 10;
/** What AWS gives a Spot task that it takes back. */
const SPOT_WARNING_SECONDS = 120;
/** Node and the service, with nothing to spare. */
const LEAST_SERVICE_MIB = 256;

/** What a task in isolated subnets calls: to be started, to log and to read its secrets. S3 has its gateway. */
const ENDPOINTS = ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager'] as const;
/** And with a collector: where its configuration is, and where traces go. */
const COLLECTOR_ENDPOINTS = ['ssm', 'xray'] as const;

/** What must hold of the services in every environment. */
export const SERVICES_RULES: readonly Rule[] = [
  {
    field: 'services.subnets',
    reads: ['network.nat'],
    broken: unless(
      (c) => c.network.nat !== 'none' || c.services.subnets !== 'egress',
      '"public" or "isolated", as network.nat is "none"',
    ),
  },
  {
    field: 'network.interfaceEndpoints',
    reads: ['services.subnets'],
    broken: ({ services, network }) => {
      const needed =
        (services.observability?.enabled ?? true) ? [...ENDPOINTS, ...COLLECTOR_ENDPOINTS] : ENDPOINTS;
      const missing = needed.filter((name) => !network.interfaceEndpoints.includes(name));
      return services.subnets !== 'isolated' || missing.length === 0
        ? undefined
        : `a list with ${missing.map((name) => `"${name}"`).join(', ')}, as services run in isolated subnets`;
    },
  },
  {
    field: 'services.observability.collector',
    reads: ['services.subnets', 'services.observability.enabled', 'services.observability.collector'],
    broken: unless(
      ({ services: { subnets, observability } }) =>
        subnets !== 'isolated' || !observability.enabled || observability.collector.image !== undefined,
      'an image in a repository of your own while services.subnets is "isolated": the public registry has no endpoint',
    ),
  },
  {
    field: 'sentry',
    reads: ['services.subnets'],
    broken: unless(
      (c) => !c.sentry || c.services.subnets !== 'isolated',
      'false while services.subnets is "isolated": Sentry is on the internet',
    ),
  },
  {
    field: 'services.gateway.databaseConnections',
    reads: ['services.gateway.databaseConnections', 'services.gateway.tasks.max', 'database.instanceClass'],
    broken: ({ services, database }) => {
      const free = maxConnections(database.instanceClass) - OTHER_CONNECTIONS;
      const { max } = services.gateway.tasks;
      const most = Math.floor(free / (max * OVERLAP));
      return gatewayConnections(services) <= free
        ? undefined
        : `at most ${Math.max(most, 0)} with ${max} tasks: a ${database.instanceClass} leaves some ${free} connections, and ` +
            `a deployment during a rotation opens ${OVERLAP} times as many as the tasks need`;
    },
  },
  {
    field: 'services.gateway.tokenMinutes',
    reads: ['services.gateway.tokenMinutes', 'secrets.jwt.maxTokenMinutes'],
    broken: ({ services, secrets }) =>
      services.gateway.tokenMinutes <= secrets.jwt.maxTokenMinutes
        ? undefined
        : `at most secrets.jwt.maxTokenMinutes (${secrets.jwt.maxTokenMinutes}), for which a retired key still verifies`,
  },
  ...WEB_SERVICES.flatMap(webServiceRules),
];

function webServiceRules(name: WebServiceName): Rule[] {
  const field = `services.${name}`;
  const of = (c: EnvironmentConfig) => c.services[name];
  return [
    {
      field: `${field}.memoryMiB`,
      reads: [`${field}.cpu`],
      broken: (c) => fargateMemoryProblem(of(c).cpu, of(c).memoryMiB),
    },
    {
      field: `${field}.memoryMiB`,
      reads: ['services.observability.enabled', 'services.observability.collector.memoryMiB'],
      broken: (c) => {
        const { enabled, collector } = c.services.observability;
        const least = (enabled ? collector.memoryMiB : 0) + LEAST_SERVICE_MIB;
        return of(c).memoryMiB >= least
          ? undefined
          : `at least ${least}: the collector has ${collector.memoryMiB} of it, and the service needs ${LEAST_SERVICE_MIB}`;
      },
    },
    {
      field: `${field}.tasks.max`,
      reads: [`${field}.tasks.min`],
      broken: (c) =>
        of(c).tasks.max >= of(c).tasks.min ? undefined : `at least ${field}.tasks.min (${of(c).tasks.min})`,
    },
    {
      field: `${field}.stop.killSeconds`,
      reads: [`${field}.stop.killSeconds`, `${field}.stop.shutdownSeconds`],
      broken: (c) => {
        const least = of(c).stop.shutdownSeconds + SECONDS_TO_FLUSH;
        return of(c).stop.killSeconds >= least
          ? undefined
          : `at least ${least}: ${field}.stop.shutdownSeconds (${of(c).stop.shutdownSeconds}) and ${SECONDS_TO_FLUSH} to send what is still held`;
      },
    },
    {
      // Spot's warning and SIGTERM come at once, and the draining begins then, too: it all must fit into the warning.
      field: `${field}.spotPercent`,
      reads: [`${field}.spotPercent`, `${field}.stop.killSeconds`, `${field}.stop.drainSeconds`],
      broken: (c) => {
        const { drainSeconds, killSeconds } = of(c).stop;
        const needed = drainSeconds + killSeconds + COLLECTOR_STOP_SECONDS;
        return of(c).spotPercent === 0 || needed <= SPOT_WARNING_SECONDS
          ? undefined
          : `0 while a stop takes ${needed} seconds (drainSeconds, killSeconds and ${COLLECTOR_STOP_SECONDS} of the collector): Spot gives ${SPOT_WARNING_SECONDS}`;
      },
    },
  ];
}

/** What production must have on top. */
export const SERVICES_GUARD_RAILS: readonly Rule[] = [
  {
    field: 'services.shell',
    reads: ['services.shell'],
    broken: unless(
      (c) => !c.services.shell,
      'false in production: a shell in a task leaves no trace in git, and sees every secret',
    ),
  },
  {
    field: 'services.subnets',
    broken: unless(
      (c) => c.services.subnets !== 'public',
      '"egress" or "isolated" in production: no address of the internet belongs to a task',
    ),
  },
  {
    field: 'services.containerInsights',
    reads: ['services.containerInsights'],
    broken: unless(
      (c) => c.services.containerInsights !== 'disabled',
      '"enabled" or "enhanced" in production',
    ),
  },
  {
    field: 'services.observability.enabled',
    reads: ['services.observability.enabled'],
    broken: unless((c) => c.services.observability.enabled, 'true in production'),
  },
  ...WEB_SERVICES.flatMap((name): Rule[] => [
    {
      field: `services.${name}.tasks.min`,
      broken: unless(
        (c) => c.services[name].tasks.min >= 2,
        'at least 2 in production: one falls with its zone',
      ),
    },
    {
      field: `services.${name}.spotPercent`,
      reads: [`services.${name}.spotPercent`],
      broken: unless(
        (c) => c.services[name].spotPercent < 100,
        'less than 100 in production: AWS may take back all Spot tasks at once',
      ),
    },
  ]),
];
