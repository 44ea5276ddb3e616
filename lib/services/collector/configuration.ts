import { METRICS_NAMESPACE } from '../../shared/platform-function';
import { COLLECTOR_METRICS } from './metrics';
import type { CollectorConfiguration } from './schema';

/** The ports of the collector. All are on the loopback interface, which the containers of a task share. */
export const COLLECTOR_PORTS = { otlpHttp: 4318, otlpGrpc: 4317, health: 13133, telemetry: 8888 } as const;

/** The collector's variable that names where its metrics go, which only the deployment knows. */
export const METRICS_LOG_GROUP = 'METRICS_LOG_GROUP';

export interface CollectorConfigurationOptions {
  /** `gateway` */
  readonly service: string;
  /** `prod` */
  readonly environment: string;
  readonly region: string;
  /** `xray`: X-Ray's own segments. `otlp`: OTLP to CloudWatch, with Transaction Search. */
  readonly exporter: 'xray' | 'otlp';
  /** Of the container. */
  readonly memoryMiB: number;
  /** Where the service shows its metrics, and which of them are kept. @default it shows none */
  readonly metrics?: { readonly port: number; readonly names: readonly string[] } | undefined;
}

const SCRAPE_INTERVAL = '60s';

/** The whole configuration of a service's collector. */
export function collectorConfiguration(options: CollectorConfigurationOptions): CollectorConfiguration {
  const { region, memoryMiB, service, environment, exporter } = options;
  const isXray = exporter === 'xray';
  const names = [...COLLECTOR_METRICS, ...(options.metrics?.names ?? [])];
  return {
    extensions: {
      health_check: { endpoint: loopback(COLLECTOR_PORTS.health) },
      ...(!isXray && { sigv4auth: { region, service: 'xray' } }),
    },
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: loopback(COLLECTOR_PORTS.otlpGrpc) },
          http: { endpoint: loopback(COLLECTOR_PORTS.otlpHttp) },
        },
      },
      prometheus: {
        config: {
          scrape_configs: [
            scrape('collector', COLLECTOR_PORTS.telemetry, { service, environment }),
            ...(options.metrics ? [scrape('service', options.metrics.port, { service, environment })] : []),
          ],
        },
      },
    },
    processors: {
      // Before the container's limit, at which the kernel ends it: 80 %, and from 60 % on it takes nothing new.
      memory_limiter: {
        check_interval: '1s',
        limit_mib: Math.floor(memoryMiB * 0.8),
        spike_limit_mib: Math.floor(memoryMiB * 0.2),
      },
      resourcedetection: { detectors: ['env', 'ecs'], timeout: '5s', override: false },
      // The services make none of these either; another library in them may.
      'filter/health': {
        error_mode: 'ignore',
        trace_conditions: [
          {
            context: 'span',
            conditions: [
              'attributes["url.path"] == "/health"',
              'IsMatch(attributes["url.path"], "^/(health|metrics)/")',
            ],
          },
        ],
      },
      // Each metric costs by the month, and every line of the log by its length: only what somebody looks at is kept.
      'filter/metrics': {
        error_mode: 'ignore',
        metric_conditions: [
          { context: 'metric', conditions: [names.map((name) => `name != "${name}"`).join(' and ')] },
        ],
      },
      // X-Ray takes 50 segments at once. The processor is deprecated and goes with 0.177; the exporter has no queue of its own
      // that could do it, at 0.156.
      ...(isXray && { 'batch/traces': { timeout: '1s', send_batch_size: 50 } }),
    },
    exporters: {
      ...(isXray ? { awsxray: { region, indexed_attributes: INDEXED } } : { otlp_http: otlpToXray(region) }),
      awsemf: {
        region,
        namespace: METRICS_NAMESPACE,
        log_group_name: `\${env:${METRICS_LOG_GROUP}}`,
        log_stream_name: '{TaskId}',
        dimension_rollup_option: 'NoDimensionRollup',
        // A counter of failures is not there before the first one: its first value must count.
        retain_initial_value_of_delta_metric: true,
        metric_declarations: [
          {
            dimensions: [['service', 'environment']],
            metric_name_selectors: names.map((name) => `^${name}`),
          },
        ],
      },
    },
    service: {
      extensions: ['health_check', ...(isXray ? [] : ['sigv4auth'])],
      pipelines: {
        traces: {
          receivers: ['otlp'],
          processors: [
            'memory_limiter',
            'resourcedetection',
            'filter/health',
            ...(isXray ? ['batch/traces'] : []),
          ],
          exporters: [isXray ? 'awsxray' : 'otlp_http'],
        },
        metrics: {
          receivers: ['prometheus'],
          processors: ['memory_limiter', 'filter/metrics', 'resourcedetection'],
          exporters: ['awsemf'],
        },
      },
      telemetry: {
        logs: { level: 'warn', encoding: 'json' },
        metrics: {
          level: 'basic',
          readers: [
            {
              pull: {
                exporter: {
                  prometheus: {
                    host: '127.0.0.1',
                    port: COLLECTOR_PORTS.telemetry,
                    // What `metrics.ts` calls them by.
                    without_type_suffix: true,
                    without_units: true,
                    without_scope_info: true,
                  },
                },
              },
            },
          ],
        },
      },
    },
  };
}

/**
 * What one can search traces by. Everything else is kept with the trace and can only be read there.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-annotations
 */
const INDEXED = [
  'http.route',
  'error.type',
  'otel.resource.deployment.environment.name',
  'otel.resource.service.version',
];

/**
 * OTLP over HTTPS, signed. CloudWatch takes 5 MB and 10,000 spans in a request.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
 */
function otlpToXray(region: string): NonNullable<CollectorConfiguration['exporters']['otlp_http']> {
  return {
    traces_endpoint: `https://xray.${region}.amazonaws.com/v1/traces`,
    compression: 'gzip',
    auth: { authenticator: 'sigv4auth' },
    sending_queue: {
      queue_size: 1000,
      batch: { flush_timeout: '1s', sizer: 'items', min_size: 50, max_size: 1000 },
    },
  };
}

function scrape(job: string, port: number, labels: Record<string, string>) {
  return {
    job_name: job,
    scrape_interval: SCRAPE_INTERVAL,
    scrape_timeout: '5s',
    static_configs: [{ targets: [loopback(port)], labels }],
  };
}

function loopback(port: number): string {
  return `127.0.0.1:${port}`;
}
