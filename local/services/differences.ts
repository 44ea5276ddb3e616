import type { EmulatedAws } from '../emulator';

/** What there is on this machine in place of what a container has around it. */
export interface Surroundings {
  readonly aws: EmulatedAws;
  readonly databaseCaFile: string | undefined;
  readonly cache: { readonly port: number; readonly caFile: string } | undefined;
  /** Where spans go in place of the collector beside the container. */
  readonly collector: string;
  /** Where services are, by how others call them: `gateway:8081` is at `localhost:40123`. */
  readonly names: ReadonlyMap<string, string>;
}

/** The ports of this machine by the container's. */
export type Ports = ReadonlyMap<number, number>;

interface Difference {
  readonly why: string;
  readonly variables: Readonly<
    Record<
      string,
      (surroundings: Surroundings, given: string | undefined, ports: Ports) => string | number | undefined
    >
  >;
}

/** What a container listens at is told by these. */
const LISTENS = ['PORT', 'INTERNAL_PORT', 'METRICS_PORT'];

const freePortFor: Difference['variables'][string] = (_, given, ports) => ports.get(Number(given));

/** All that a process here is told otherwise than its container on AWS; what is not in this list is as its template says. */
const DIFFERENCES: readonly Difference[] = [
  { why: 'free ports', variables: Object.fromEntries(LISTENS.map((name) => [name, freePortFor])) },
  { why: 'the loopback interface', variables: { BIND_ADDRESS: () => '127.0.0.1' } },
  {
    why: 'the servers of this machine and their authorities',
    variables: {
      CACHE_PORT: ({ cache }) => cache?.port,
      CACHE_CA_FILE: ({ cache }) => cache?.caFile,
      DATABASE_CA_FILE: ({ databaseCaFile }) => databaseCaFile,
    },
  },
  {
    why: 'addresses in place of Service Connect’s names',
    variables: { GATEWAY_URL: ({ names }, given) => given && elsewhere(given, names) },
  },
  {
    why: 'the span sink in place of the collector',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: ({ collector }) => collector },
  },
  {
    why: 'the emulator in place of AWS',
    variables: {
      AWS_ENDPOINT_URL: ({ aws }) => aws.endpoint,
      AWS_ACCESS_KEY_ID: ({ aws }) => aws.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ({ aws }) => aws.credentials.secretAccessKey,
      // Node 20 stands in for the image's; the SDK would say so in every log.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: () => 'true',
    },
  },
];

/** For people: `free ports (PORT, …); the loopback interface (BIND_ADDRESS); …` */
export const TOLD_DIFFERENTLY = DIFFERENCES.map(
  ({ why, variables }) => `${why} (${Object.keys(variables).join(', ')})`,
).join('; ');

/** The ports that a container listens at, as its variables say. */
export function portsOf(environment: Readonly<Record<string, string>>): number[] {
  return LISTENS.map((name) => Number(environment[name])).filter((port) => port > 0);
}

/** What a process is told in place of its container. */
export function onThisMachine(
  environment: Readonly<Record<string, string>>,
  surroundings: Surroundings,
  ports: Ports,
): Record<string, string> {
  const told = { ...environment };
  for (const { variables } of DIFFERENCES) {
    for (const [name, valueOf] of Object.entries(variables)) {
      const value = valueOf(surroundings, environment[name], ports);
      if (value !== undefined) told[name] = String(value);
    }
  }
  return told;
}

function elsewhere(url: string, names: Surroundings['names']): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${names.get(host) ?? host}`;
}
