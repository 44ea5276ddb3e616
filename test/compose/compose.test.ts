import { PrepareEnvironment } from '../../scripts/compose/environment';
import { filesIn } from '../../scripts/compose/volumes';
import { parseCompose, readCompose, requiredBy, type ComposeFile } from './compose-file';
import * as rules from './rules';

const digest = (character: string) => `registry.example/golive@sha256:${character.repeat(64)}`;
const GIVEN = {
  AWS_REGION: 'eu-central-1',
  DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:app-AbCdEf',
  CACHE_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:cache-AbCdEf',
  JWT_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:jwt-AbCdEf',
  GATEWAY_IMAGE: digest('a'),
  FRONTEND_IMAGE: digest('b'),
  PUBLIC_ORIGIN: 'https://golive.example',
};
const files = (): [string, ComposeFile][] => [
  ['docker-compose.yml', readCompose('docker-compose.yml')],
  ['docker-compose.prod.yml', readCompose('docker-compose.prod.yml', GIVEN)],
];

/** Production with one thing otherwise. */
function prodWith(change: (file: ComposeFile) => void): ComposeFile {
  const file = structuredClone(readCompose('docker-compose.prod.yml', GIVEN));
  change(file);
  return file;
}

const COMMON = [
  'everyImageIsPinned',
  'everyDependencyCanBeMet',
  'everyEnvironmentFits',
  'everyPortIsOfThisMachine',
  'everyoneIsFound',
  'everythingUsedIsDeclared',
] as const;
const PRODUCTION = ['everyServiceIsHardened', 'dataIsReachedFromInside', 'nothingSecretIsWritten'] as const;

describe('a Compose file', () => {
  test('with a name that Compose does not know is refused', () => {
    expect(() => parseCompose('name: a\nservices:\n  a:\n    image: a:1.0\n    depend_on: {}\n')).toThrow(
      /depend_on/,
    );
    expect(() => parseCompose('name: a\nservices: {}\nservice: {}\n')).toThrow(/does not know/);
  });

  test.each<[string, (typeof COMMON | typeof PRODUCTION)[number], (file: ComposeFile) => void, RegExp]>([
    [
      'an image by a moving tag',
      'everyImageIsPinned',
      ({ services }) => void (services['valkey']!.image = 'valkey/valkey:latest'),
      /^valkey: .*not pinned/,
    ],
    [
      'an image by a major version',
      'everyImageIsPinned',
      ({ services }) => void (services['postgres']!.image = 'postgres:17'),
      /^postgres: /,
    ],
    [
      'a dependency on nobody',
      'everyDependencyCanBeMet',
      ({ services }) => void delete services['roles'],
      /^migrate: waits for roles/,
    ],
    [
      'a wait for health without a check',
      'everyDependencyCanBeMet',
      ({ services }) => void delete services['valkey']!.healthcheck,
      /^gateway: waits for the health/,
    ],
    [
      'a wait for the end of what is started again',
      'everyDependencyCanBeMet',
      ({ services }) => void (services['migrate']!.restart = 'always'),
      /^gateway: waits for the end/,
    ],
    [
      'a variable that is missing',
      'everyEnvironmentFits',
      ({ services }) => void delete services['gateway']!.environment['JWT_SECRET_ARN'],
      /^gateway: JWT_SECRET_ARN/,
    ],
    [
      'a variable that is misspelt',
      'everyEnvironmentFits',
      ({ services }) => void (services['frontend']!.environment['PUBLIC_ORIGN'] = 'x'),
      /^frontend: PUBLIC_ORIGN is read by nobody/,
    ],
    [
      'a port for everybody',
      'everyPortIsOfThisMachine',
      ({ services }) => void services['gateway']!.ports.push('8080:8080'),
      /^gateway: publishes/,
    ],
    [
      'a gateway that is looked for elsewhere',
      'everyoneIsFound',
      ({ services }) => void (services['gateway']!.environment['INTERNAL_PORT'] = '9000'),
      /^frontend: GATEWAY_URL/,
    ],
    [
      'a volume that nobody declares',
      'everythingUsedIsDeclared',
      ({ volumes }) => void delete volumes['authorities'],
      /^volume authorities: not declared/,
    ],
    [
      'a root that can be written',
      'everyServiceIsHardened',
      ({ services }) => void (services['frontend']!.read_only = false),
      /^frontend: its root/,
    ],
    [
      'a root user',
      'everyServiceIsHardened',
      ({ services }) => void (services['postgres']!.user = '0:0'),
      /^postgres: may be root/,
    ],
    [
      'no limit',
      'everyServiceIsHardened',
      ({ services }) => void delete services['jaeger']!.deploy,
      /^jaeger: has no limit/,
    ],
    [
      'a published database',
      'dataIsReachedFromInside',
      ({ services }) => void services['postgres']!.ports.push('127.0.0.1:5432:5432'),
      /^postgres: publishes/,
    ],
    [
      'a database with a way out',
      'dataIsReachedFromInside',
      ({ services }) => void services['postgres']!.networks!.push('outside'),
      /^postgres: is on outside/,
    ],
    [
      'a password in the file',
      'nothingSecretIsWritten',
      ({ services }) => void (services['postgres']!.environment['POSTGRES_PASSWORD'] = 'x'),
      /^postgres: POSTGRES_PASSWORD/,
    ],
  ])('with %s breaks a rule', (_, rule, change, said) => {
    expect(rules[rule](prodWith(change)).join('\n')).toMatch(said);
  });
});

describe.each(files())('%s', (name, file) => {
  test.each(COMMON)('%s', (rule) => {
    expect(rules[rule](file)).toEqual([]);
  });

  test('gives each of its servers what the container that prepares has made', () => {
    const { authorities, postgres, valkey } = filesIn('/prepared');
    const mounts = (service: string) =>
      Object.fromEntries(
        file.services[service]!.volumes.map((volume) => volume.split(':').slice(0, 2)).map(([from, to]) => [
          to!,
          from!,
        ]),
      );
    /** What a file of the preparation is called elsewhere, by the volume that both have. */
    const seenBy = (service: string, path: string) => {
      const found = Object.entries(mounts('prepare')).find(([folder]) => path.startsWith(`${folder}/`));
      const there = Object.entries(mounts(service)).find(([, volume]) => volume === found?.[1]);
      return there && path.replace(found![0], there[0]);
    };
    const words = (service: string) => file.services[service]!.command!.join(' ');
    expect(words('postgres')).toContain(`ssl_cert_file=${seenBy('postgres', postgres.certificate)}`);
    expect(words('postgres')).toContain(`ssl_key_file=${seenBy('postgres', postgres.key)}`);
    expect(words('postgres')).toContain(`hba_file=${seenBy('postgres', postgres.access)}`);
    expect(file.services['postgres']!.environment['POSTGRES_PASSWORD_FILE']).toBe(
      seenBy('postgres', postgres.superuserPassword),
    );
    expect(words('valkey')).toContain(`--tls-cert-file ${seenBy('valkey', valkey.certificate)}`);
    expect(words('valkey')).toContain(`--tls-key-file ${seenBy('valkey', valkey.key)}`);
    expect(words('valkey')).toContain(`--aclfile ${seenBy('valkey', valkey.users)}`);
    expect(words('valkey')).toContain(`--tls-ca-cert-file ${seenBy('valkey', authorities.valkey)}`);
    for (const service of ['gateway', 'migrate']) {
      const { environment } = file.services[service]!;
      expect(environment['DATABASE_CA_FILE']).toBe(seenBy(service, authorities.postgres));
      expect(environment['CACHE_CA_FILE']).toBe(seenBy(service, authorities.valkey));
    }
    for (const path of [authorities.postgres, postgres.superuserPassword])
      expect(seenBy('roles', path)).toBe(path);
  });

  test('calls the database and the cache what stands in their certificates', () => {
    const prepared = PrepareEnvironment.parse(file.services['prepare']!.environment);
    const { environment } = file.services['postgres']!;
    expect(Object.keys(file.services)).toEqual(
      expect.arrayContaining([prepared.DATABASE_HOST, prepared.CACHE_HOST]),
    );
    expect([environment['POSTGRES_USER'], environment['POSTGRES_DB']]).toEqual([
      prepared.DATABASE_SUPERUSER,
      prepared.DATABASE_NAME,
    ]);
    expect(file.services['gateway']!.environment['CACHE_HOST']).toBe(prepared.CACHE_HOST);
  });

  test('migrates before the gateway starts, with the gateway’s own image, and serves only then', () => {
    const { gateway, migrate, frontend } = file.services;
    expect(migrate!.command).toEqual(['node', '/app/main.js', 'migrate']);
    expect(migrate!.image).toBe(gateway!.image);
    expect(gateway!.depends_on['migrate']).toEqual({ condition: 'service_completed_successfully' });
    expect(frontend!.depends_on['gateway']).toEqual({ condition: 'service_healthy' });
  });

  test('stops its services after they have had their own time', () => {
    const seconds = (service: string) =>
      Number(/^(\d+)s$/.exec(file.services[service]!.stop_grace_period ?? '10s')?.[1]);
    for (const service of name.includes('prod') ? ['gateway', 'frontend'] : []) {
      expect(seconds(service)).toBeGreaterThan(
        Number(file.services[service]!.environment['SHUTDOWN_SECONDS']),
      );
    }
    expect(file.services['gateway']!.healthcheck?.disable).toBeUndefined();
  });
});

describe('docker-compose.yml', () => {
  test('shows the traces of PostgreSQL 17, Valkey 8.1 and both services in Jaeger 2', () => {
    const { services } = readCompose('docker-compose.yml');
    expect(services['postgres']!.image).toMatch(/^postgres:17\./);
    expect(services['valkey']!.image).toMatch(/^valkey\/valkey:8\.1\./);
    expect(services['jaeger']!.image).toMatch(/jaeger:2\.21\.0@/);
    expect(services['jaeger']!.ports.map((port) => port.split(':').at(-1))).toEqual([
      '16686',
      '4317',
      '4318',
    ]);
    for (const name of ['gateway', 'frontend'])
      expect(services[name]!.environment['OTEL_ENABLED']).toBe('true');
  });
});

describe('docker-compose.prod.yml', () => {
  const file = () => readCompose('docker-compose.prod.yml', GIVEN);

  test.each(PRODUCTION)('%s', (rule) => {
    expect(rules[rule](file())).toEqual([]);
  });

  test('asks for what it cannot know, each with what it is', () => {
    expect(requiredBy('docker-compose.prod.yml')).toEqual(Object.keys(GIVEN).sort());
    for (const name of Object.keys(GIVEN)) {
      const given = Object.fromEntries(Object.entries(GIVEN).filter(([other]) => other !== name));
      expect(() => readCompose('docker-compose.prod.yml', given)).toThrow(
        new RegExp(`^required variable ${name} .*: .{10}`),
      );
    }
  });

  test('has no emulator, makes no secrets, and takes credentials only where there are some', () => {
    const { services } = file();
    expect(services['aws']).toBeUndefined();
    expect(services['prepare']!.command).toEqual(['node', '/app/prepare.js', 'files']);
    for (const name of ['prepare', 'roles', 'migrate', 'gateway']) {
      expect(services[name]!.environment).not.toHaveProperty('AWS_ENDPOINT_URL');
      expect(services[name]!.environment['AWS_SECRET_ACCESS_KEY']).toBeNull();
    }
  });
});
