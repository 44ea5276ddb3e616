import { parse } from 'yaml';
import {
  collectorConfiguration,
  type CollectorConfigurationOptions,
} from '../../../../lib/services/collector/configuration';
import { COLLECTOR_METRICS } from '../../../../lib/services/collector/metrics';
import { CollectorConfiguration } from '../../../../lib/services/collector/schema';

const OPTIONS: CollectorConfigurationOptions = {
  service: 'gateway',
  environment: 'prod',
  region: 'eu-central-1',
  exporter: 'xray',
  memoryMiB: 256,
  metrics: { port: 9464, names: ['http_request_duration_seconds'] },
};
const OTLP = { ...OPTIONS, exporter: 'otlp' } as const;

const configuration = (options: CollectorConfigurationOptions = OPTIONS) =>
  structuredClone(collectorConfiguration(options)) as unknown as Record<
    'extensions' | 'receivers' | 'processors' | 'exporters',
    Record<string, Record<string, unknown>>
  > & { service: Record<string, unknown> };

/** What the schema says is wrong, as `<path>: <message>`. */
function problemsOf(input: unknown): string[] {
  return (CollectorConfiguration.safeParse(input).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

describe('a configuration that the collector would not start with is refused:', () => {
  const components = [OPTIONS, OTLP].flatMap((options) =>
    (['extensions', 'receivers', 'processors', 'exporters'] as const).flatMap((kind) =>
      Object.keys(configuration(options)[kind]).map((name) => [kind, name, options] as const),
    ),
  );

  test.each(components)('a misspelt key of %s %s', (kind, name, options) => {
    const broken = configuration(options);
    Object.assign(broken[kind][name] as object, { enpoint: 'x' });

    expect(problemsOf(broken)).toEqual([`${kind}.${name}: Unrecognized key: "enpoint"`]);
  });

  test('a misspelt key of the service, and of a pipeline', () => {
    const broken = configuration();
    Object.assign(broken.service, { telemtry: {} });
    Object.assign((broken.service['pipelines'] as Record<string, object>)['traces'] as object, {
      exporter: [],
    });

    expect(problemsOf(broken)).toEqual([
      'service.pipelines.traces: Unrecognized key: "exporter"',
      'service: Unrecognized key: "telemtry"',
    ]);
  });

  test('a pipeline that names what is not there', () => {
    const broken = configuration();
    delete broken.exporters['awsxray'];

    expect(problemsOf(broken)).toEqual([
      'exporters.awsxray: is named and not there: configure it, or name it no more',
    ]);
  });

  test('a processor that is in no pipeline', () => {
    const broken = configuration();
    const traces = (broken.service['pipelines'] as Record<string, { processors: string[] }>)['traces'];
    traces?.processors.splice(0, 1);
    const metrics = (broken.service['pipelines'] as Record<string, { processors: string[] }>)['metrics'];
    metrics?.processors.splice(0, 1);

    expect(problemsOf(broken)).toEqual([
      'processors.memory_limiter: is there and in no pipeline: remove it, or name it',
    ]);
  });

  test('an authenticator that nobody starts', () => {
    const broken = configuration(OTLP);
    broken.service['extensions'] = ['health_check'];

    expect(problemsOf(broken)).toEqual([
      'exporters.otlp_http.auth: sigv4auth is not started: name it in service.extensions',
      'extensions.sigv4auth: is there and in no pipeline: remove it, or name it',
    ]);
  });

  test('a listener that others than the task can reach', () => {
    const broken = configuration();
    broken.receivers['otlp'] = { protocols: { http: { endpoint: '0.0.0.0:4318' } } };

    expect(problemsOf(broken)).toEqual(['receivers.otlp.protocols.http.endpoint: 127.0.0.1 and a port']);
  });

  test('a queue for the exporter to X-Ray, which has none', () => {
    const broken = configuration();
    Object.assign(broken.exporters['awsxray'] as object, { sending_queue: { enabled: true } });

    expect(problemsOf(broken)).toEqual(['exporters.awsxray: Unrecognized key: "sending_queue"']);
  });
});

describe.each([
  ['xray', OPTIONS],
  ['otlp', OTLP],
])('the configuration with the exporter %s', (_name, options) => {
  test('is one that the collector takes', () => {
    expect(problemsOf(collectorConfiguration(options))).toEqual([]);
  });

  test('is YAML as it stands, in which the collector has one variable to fill in', () => {
    const text = JSON.stringify(collectorConfiguration(options));

    expect(parse(text)).toEqual(collectorConfiguration(options));
    expect(text.match(/\$\{?[^"]*/g)).toEqual(['${env:METRICS_LOG_GROUP}']);
  });

  test('listens on the loopback interface, for spans, for its health and for its own metrics', () => {
    const addresses = JSON.stringify(collectorConfiguration(options)).match(/\d+\.\d+\.\d+\.\d+:\d+/g);

    expect([...new Set(addresses)].sort()).toEqual([
      '127.0.0.1:13133',
      '127.0.0.1:4317',
      '127.0.0.1:4318',
      '127.0.0.1:8888',
      '127.0.0.1:9464',
    ]);
  });

  test('never takes more memory than it has', () => {
    expect(collectorConfiguration(options).processors.memory_limiter).toMatchObject({
      limit_mib: 204,
      spike_limit_mib: 51,
    });
    expect(
      Object.values(collectorConfiguration(options).service.pipelines).map(
        ({ processors = [] }) => processors[0],
      ),
    ).toEqual(['memory_limiter', 'memory_limiter']);
  });

  test('drops what asks for the health of a service', () => {
    expect(collectorConfiguration(options).service.pipelines['traces']?.processors).toContain(
      'filter/health',
    );
    expect(collectorConfiguration(options).processors['filter/health'].trace_conditions).toEqual([
      {
        context: 'span',
        conditions: [
          'attributes["url.path"] == "/health"',
          'IsMatch(attributes["url.path"], "^/(health|metrics)/")',
        ],
      },
    ]);
  });
});

test('spans go to X-Ray in batches of what it takes at once, and can be searched by route', () => {
  const { processors, exporters } = collectorConfiguration(OPTIONS);

  expect(processors['batch/traces']).toEqual({ timeout: '1s', send_batch_size: 50 });
  expect(exporters.awsxray?.indexed_attributes).toContain('http.route');
  expect(exporters).not.toHaveProperty('otlp_http');
});

test('with OTLP they go to the address of the region, signed, and the deprecated processor is gone', () => {
  const { processors, exporters, extensions } = collectorConfiguration(OTLP);

  expect(exporters.otlp_http).toMatchObject({
    traces_endpoint: 'https://xray.eu-central-1.amazonaws.com/v1/traces',
    compression: 'gzip',
    auth: { authenticator: 'sigv4auth' },
  });
  expect(extensions.sigv4auth).toEqual({ region: 'eu-central-1', service: 'xray' });
  expect(processors).not.toHaveProperty('batch/traces');
  expect(exporters).not.toHaveProperty('awsxray');
});

describe('metrics', () => {
  test('are kept when somebody looks at them, by service and environment alone', () => {
    const { exporters, processors } = collectorConfiguration(OPTIONS);

    expect(exporters.awsemf).toMatchObject({
      namespace: 'GoLive',
      dimension_rollup_option: 'NoDimensionRollup',
      metric_declarations: [
        {
          dimensions: [['service', 'environment']],
          metric_name_selectors: [
            '^otelcol_exporter_send_failed_spans',
            '^otelcol_exporter_sent_spans',
            '^http_request_duration_seconds',
          ],
        },
      ],
    });
    expect(processors['filter/metrics'].metric_conditions?.[0]?.conditions).toEqual([
      'name != "otelcol_exporter_send_failed_spans" and name != "otelcol_exporter_sent_spans" and ' +
        'name != "http_request_duration_seconds"',
    ]);
  });

  test('of the collector have the names that alarms know them by, whatever a release makes of them by default', () => {
    expect(collectorConfiguration(OPTIONS).service.telemetry?.metrics?.readers).toEqual([
      {
        pull: {
          exporter: {
            prometheus: {
              host: '127.0.0.1',
              port: 8888,
              without_type_suffix: true,
              without_units: true,
              without_scope_info: true,
            },
          },
        },
      },
    ]);
    expect(COLLECTOR_METRICS.filter((name) => /_total$|_seconds$/.test(name))).toEqual([]);
  });

  test('of the collector alone are kept where the service shows none', () => {
    const { receivers } = collectorConfiguration({ ...OPTIONS, metrics: undefined });

    expect(receivers.prometheus.config.scrape_configs.map(({ job_name }) => job_name)).toEqual(['collector']);
  });

  test('count from the first failure on: a counter that begins with it is no baseline', () => {
    expect(collectorConfiguration(OPTIONS).exporters.awsemf.retain_initial_value_of_delta_metric).toBe(true);
  });
});
