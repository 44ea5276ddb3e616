import {
  onThisMachine,
  portsOf,
  TOLD_DIFFERENTLY,
  type Surroundings,
} from '../../../local/services/differences';

const surroundings: Surroundings = {
  aws: {
    endpoint: 'http://localhost:5000',
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
  },
  databaseCaFile: '/tmp/database.pem',
  cache: { port: 6380, caFile: '/tmp/cache.pem' },
  collector: 'http://127.0.0.1:4444',
  names: new Map([['gateway:8081', 'localhost:40001']]),
};

/** As their task definitions have it. */
const GATEWAY = {
  PORT: '8080',
  INTERNAL_PORT: '8081',
  METRICS_PORT: '9464',
  CACHE_HOST: 'localhost',
  CACHE_PORT: '6379',
  GOLIVE_ENV: 'local',
  SHUTDOWN_SECONDS: '20',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
};
const ports = new Map([
  [8080, 40080],
  [8081, 40081],
  [9464, 49464],
]);

describe('what a process is told otherwise than its container', () => {
  test('is what the machine must differ in, and nothing else', () => {
    expect(onThisMachine(GATEWAY, surroundings, ports)).toEqual({
      GOLIVE_ENV: 'local',
      SHUTDOWN_SECONDS: '20',
      CACHE_HOST: 'localhost',
      PORT: '40080',
      INTERNAL_PORT: '40081',
      METRICS_PORT: '49464',
      BIND_ADDRESS: '127.0.0.1',
      CACHE_PORT: '6380',
      CACHE_CA_FILE: '/tmp/cache.pem',
      DATABASE_CA_FILE: '/tmp/database.pem',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4444',
      AWS_ENDPOINT_URL: 'http://localhost:5000',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'key',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    });
  });

  test('is listed for people, each variable of it', () => {
    const told = onThisMachine({ ...GATEWAY, GATEWAY_URL: 'http://gateway:8081' }, surroundings, ports);
    const changed = Object.keys(told).filter(
      (name) => told[name] !== (GATEWAY as Record<string, string>)[name],
    );
    expect(changed.filter((name) => !TOLD_DIFFERENTLY.includes(name))).toEqual([]);
  });

  test.each([
    ['a service is found by its address here', 'http://gateway:8081', 'http://localhost:40001'],
    [
      'what is not one of ours is left as it is',
      'https://elsewhere.example/path',
      'https://elsewhere.example',
    ],
  ])('%s', (_, url, expected) => {
    expect(onThisMachine({ GATEWAY_URL: url }, surroundings, ports)).toMatchObject({ GATEWAY_URL: expected });
  });

  test('ports are those that it listens at, and not those that it goes to', () => {
    expect(portsOf(GATEWAY)).toEqual([8080, 8081, 9464]);
    expect(portsOf({ PORT: '3000', CACHE_PORT: '6379' })).toEqual([3000]);
    expect(portsOf({})).toEqual([]);
  });
});
