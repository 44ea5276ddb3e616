import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { PrepareEnvironment } from '../../scripts/compose/environment';
import { FrontendEnvironment } from '../../services/frontend/src/environment';
import { GatewayEnvironment } from '../../services/gateway/src/environment';
import { root, type ComposeFile, type ComposeService } from './compose-file';

/** Rules of a Compose file. Each gives what breaks it, as `<service>: <what>`. */
export type Rule = (file: ComposeFile) => string[];

const each = (
  file: ComposeFile,
  problem: (service: ComposeService, name: string) => string | false | string[],
) =>
  Object.entries(file.services).flatMap(([name, service]) => {
    const found = [problem(service, name)].flat();
    return found.filter((what): what is string => what !== false).map((what) => `${name}: ${what}`);
  });

/** A version to the last number, or a digest; our own is built from the checkout. */
export const everyImageIsPinned: Rule = (file) =>
  each(file, ({ image, build }) => {
    if (build)
      return !existsSync(join(root, build.context, build.dockerfile)) && `there is no ${build.dockerfile}`;
    return (
      !/:\d+\.\d+(\.\d+)?(-\w+)?(@sha256:[0-9a-f]{64})?$|@sha256:[0-9a-f]{64}$/.test(image) &&
      `${image} is not pinned`
    );
  });

/** What is waited for is there, says when it is healthy, and ends when its end is waited for. */
export const everyDependencyCanBeMet: Rule = (file) =>
  each(file, ({ depends_on }) =>
    Object.entries(depends_on).flatMap(([on, { condition }]) => {
      const other = file.services[on];
      if (!other) return `waits for ${on}, which is not there`;
      if (condition === 'service_healthy' && !other.healthcheck?.test)
        return `waits for the health of ${on}, which has no check`;
      const ends = other.restart === 'no' || other.restart?.startsWith('on-failure') === true;
      if (condition === 'service_completed_successfully' && !ends)
        return `waits for the end of ${on}, which is started again`;
      return [];
    }),
  );

const CONTRACTS: Readonly<Record<string, z.ZodObject>> = {
  gateway: GatewayEnvironment,
  migrate: GatewayEnvironment,
  frontend: FrontendEnvironment,
  prepare: PrepareEnvironment,
  roles: PrepareEnvironment,
};

/** As the service parses it at its start, and nothing that it does not read. */
export const everyEnvironmentFits: Rule = (file) =>
  each(file, ({ environment }, name) => {
    const contract = CONTRACTS[name];
    if (!contract) return false;
    const own = Object.entries(environment).filter(([variable]) => !variable.startsWith('AWS_'));
    const parsed = contract.safeParse(Object.fromEntries(own));
    const unread = own.filter(([variable]) => !(variable in contract.shape));
    return [
      ...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`),
      ...unread.map(([variable]) => `${variable} is read by nobody`),
    ];
  });

/** To this machine alone: whatever faces the internet stands before it. */
export const everyPortIsOfThisMachine: Rule = (file) =>
  each(file, ({ ports }) =>
    ports.filter((port) => !port.startsWith('127.0.0.1:')).map((port) => `publishes ${port}`),
  );

/** The services listen where others look for them. */
export const everyoneIsFound: Rule = ({ services }) => {
  const { gateway, frontend } = services;
  if (!gateway || !frontend) return ['gateway, frontend: one is missing'];
  const told = (service: ComposeService, name: string) => String(service.environment[name]);
  const inside = (service: ComposeService) => service.ports.map((port) => port.split(':').at(-1));
  const cache = services[told(gateway, 'CACHE_HOST')];
  const traces = new URL(told(gateway, 'OTEL_EXPORTER_OTLP_ENDPOINT'));
  return [
    ...(told(frontend, 'GATEWAY_URL') === `http://gateway:${told(gateway, 'INTERNAL_PORT')}`
      ? []
      : ['frontend: GATEWAY_URL']),
    ...(inside(gateway).join() === told(gateway, 'PORT') ? [] : ['gateway: PORT']),
    ...(inside(frontend).join() === told(frontend, 'PORT') ? [] : ['frontend: PORT']),
    ...(cache?.command?.includes(told(gateway, 'CACHE_PORT')) ? [] : ['gateway: CACHE_PORT']),
    ...(traces.host === 'jaeger:4318' && services['jaeger'] ? [] : ['gateway: OTEL_EXPORTER_OTLP_ENDPOINT']),
  ];
};

/** Volumes and networks are declared, and none is left over. */
export const everythingUsedIsDeclared: Rule = (file) => {
  const used = Object.values(file.services).flatMap(({ volumes }) =>
    volumes.map((volume) => volume.split(':')[0]!),
  );
  const joined = Object.values(file.services).flatMap(({ networks }) => networks ?? []);
  const differences = (what: string, names: readonly string[], declared: object) => [
    ...names.filter((name) => !(name in declared)).map((name) => `${what} ${name}: not declared`),
    ...Object.keys(declared)
      .filter((name) => !names.includes(name))
      .map((name) => `${what} ${name}: not used`),
  ];
  return [...differences('volume', used, file.volumes), ...differences('network', joined, file.networks)];
};

/** Nothing can be written but where it is named, and nobody is root or could become it. */
export const everyServiceIsHardened: Rule = (file) =>
  each(file, (service) => [
    ...(service.read_only ? [] : ['its root can be written']),
    ...(service.cap_drop?.join() === 'ALL' ? [] : ['keeps capabilities']),
    ...(service.security_opt?.includes('no-new-privileges:true') ? [] : ['may gain privileges']),
    ...(/^[1-9]\d*:[1-9]\d*$/.test(service.user ?? '') ? [] : ['may be root']),
    ...(service.deploy?.resources.limits.cpus ? [] : ['has no limit of processors and memory']),
    ...(service.deploy?.resources.limits.pids ? [] : ['has no limit of processes']),
    ...(service.restart === 'unless-stopped' || service.restart?.startsWith('on-failure:')
      ? []
      : ['stays down']),
  ]);

/** What holds data is reached by whom it serves alone. */
export const dataIsReachedFromInside: Rule = (file) =>
  ['postgres', 'valkey'].flatMap((name) => {
    const { ports = [], networks = [] } = file.services[name] ?? {};
    const open = networks.filter((network) => file.networks[network]?.internal !== true);
    return [
      ...ports.map((port) => `${name}: publishes ${port}`),
      ...(networks.length === 0 ? [`${name}: is on the common network`] : []),
      ...open.map((network) => `${name}: is on ${network}, which leads out`),
    ];
  });

/** No value that opens anything stands in the file. */
export const nothingSecretIsWritten: Rule = (file) =>
  each(file, ({ environment }) =>
    Object.entries(environment)
      .filter(
        ([name, value]) =>
          /PASSWORD|SECRET|TOKEN|KEY/.test(name) &&
          !/_FILE$|_ARN$|_MINUTES$|_SECONDS$/.test(name) &&
          value !== null,
      )
      .map(([name]) => `${name} has a value`),
  );
