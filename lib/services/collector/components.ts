import { z } from 'zod';

/**
 * What the components of the collector take that we use: ADOT v0.49.0, which is OpenTelemetry Collector 0.156. Each schema
 * lists every key of the component's documentation but for those of TLS and of other vendors' clouds, and no more: the
 * collector ends at a key that it does not know, and then no task has telemetry.
 */

const CORE = 'https://github.com/open-telemetry/opentelemetry-collector/tree/v0.156.0';
const CONTRIB = 'https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.156.0';

/** Where each component's keys are written down. */
export const DOCUMENTATION = {
  health_check: `${CONTRIB}/extension/healthcheckextension`,
  sigv4auth: `${CONTRIB}/extension/sigv4authextension`,
  otlp: `${CORE}/receiver/otlpreceiver/config.md`,
  prometheus: `${CONTRIB}/receiver/prometheusreceiver`,
  memory_limiter: `${CORE}/processor/memorylimiterprocessor`,
  resourcedetection: `${CONTRIB}/processor/resourcedetectionprocessor`,
  filter: `${CONTRIB}/processor/filterprocessor`,
  batch: `${CORE}/processor/batchprocessor`,
  awsxray: `${CONTRIB}/exporter/awsxrayexporter`,
  awsemf: `${CONTRIB}/exporter/awsemfexporter`,
  otlp_http: `${CORE}/exporter/otlphttpexporter`,
  service: `${CORE}/service`,
} as const;

/** `5s`, `200ms`. https://pkg.go.dev/time#ParseDuration */
const GoDuration = z.string().regex(/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/, 'a duration of Go, such as "5s"');
/** Nobody outside the task reaches it. */
const LoopbackEndpoint = z.string().regex(/^127\.0\.0\.1:\d{1,5}$/, '127.0.0.1 and a port');
const Count = z.int().min(0);
const Names = z.array(z.string().min(1));

/** https://github.com/open-telemetry/opentelemetry-collector/blob/v0.156.0/config/confighttp/README.md */
const HttpServer = {
  endpoint: LoopbackEndpoint,
  max_request_body_size: Count.optional(),
  include_metadata: z.boolean().optional(),
  response_headers: z.record(z.string(), z.string()).optional(),
  compression_algorithms: Names.optional(),
  read_timeout: GoDuration.optional(),
  read_header_timeout: GoDuration.optional(),
  write_timeout: GoDuration.optional(),
  idle_timeout: GoDuration.optional(),
  keep_alives_enabled: z.boolean().optional(),
};

export const HealthCheck = z.strictObject({
  ...HttpServer,
  path: z.string().optional(),
  response_body: z
    .strictObject({ healthy: z.string().optional(), unhealthy: z.string().optional() })
    .optional(),
});

export const SigV4Auth = z.strictObject({
  region: z.string().optional(),
  service: z.string().optional(),
  assume_role: z
    .strictObject({
      arn: z.string().optional(),
      session_name: z.string().optional(),
      sts_region: z.string().optional(),
      external_id: z.string().optional(),
    })
    .optional(),
});

export const OtlpReceiver = z.strictObject({
  protocols: z.strictObject({
    grpc: z
      .strictObject({
        endpoint: LoopbackEndpoint,
        transport: z.enum(['tcp', 'tcp4']).optional(),
        max_recv_msg_size_mib: Count.optional(),
        max_concurrent_streams: Count.optional(),
        read_buffer_size: Count.optional(),
        write_buffer_size: Count.optional(),
        include_metadata: z.boolean().optional(),
      })
      .optional(),
    http: z
      .strictObject({
        ...HttpServer,
        traces_url_path: z.string().optional(),
        metrics_url_path: z.string().optional(),
        logs_url_path: z.string().optional(),
      })
      .optional(),
  }),
});

/** Of Prometheus' own configuration the scrape of fixed targets. https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config */
const ScrapeConfig = z.strictObject({
  job_name: z.string().min(1),
  scrape_interval: GoDuration.optional(),
  scrape_timeout: GoDuration.optional(),
  metrics_path: z.string().startsWith('/').optional(),
  scheme: z.enum(['http', 'https']).optional(),
  honor_labels: z.boolean().optional(),
  honor_timestamps: z.boolean().optional(),
  enable_compression: z.boolean().optional(),
  body_size_limit: z.string().optional(),
  sample_limit: Count.optional(),
  static_configs: z.array(
    z.strictObject({
      targets: z.array(LoopbackEndpoint).min(1),
      labels: z.record(z.string().regex(/^[a-zA-Z_]\w*$/), z.string()).optional(),
    }),
  ),
});

export const PrometheusReceiver = z.strictObject({
  config: z.strictObject({
    global: z
      .strictObject({ scrape_interval: GoDuration.optional(), scrape_timeout: GoDuration.optional() })
      .optional(),
    scrape_configs: z.array(ScrapeConfig).min(1),
  }),
  trim_metric_suffixes: z.boolean().optional(),
  scrape_on_shutdown: z.boolean().optional(),
  initial_scrape_offset: GoDuration.optional(),
});

export const MemoryLimiter = z.strictObject({
  check_interval: GoDuration,
  limit_mib: Count.optional(),
  spike_limit_mib: Count.optional(),
  limit_percentage: z.int().min(1).max(100).optional(),
  spike_limit_percentage: z.int().min(1).max(100).optional(),
  min_gc_interval_when_soft_limited: GoDuration.optional(),
  min_gc_interval_when_hard_limited: GoDuration.optional(),
  max_gc_interval_when_soft_limited: GoDuration.optional(),
  max_gc_interval_when_hard_limited: GoDuration.optional(),
});

export const ResourceDetection = z.strictObject({
  detectors: z.array(z.enum(['env', 'ecs', 'ec2', 'system'])).min(1),
  override: z.boolean().optional(),
  timeout: GoDuration.optional(),
  refresh_interval: GoDuration.optional(),
  ecs: z
    .strictObject({
      resource_attributes: z.record(z.string(), z.strictObject({ enabled: z.boolean() })).optional(),
    })
    .optional(),
});

/** Conditions of OTTL. The older `traces` and `metrics` are deprecated. */
const conditionsOn = <Contexts extends readonly [string, ...string[]]>(contexts: Contexts) =>
  z
    .array(
      z.strictObject({
        context: z.enum(contexts).optional(),
        conditions: z.array(z.string().min(1)).min(1),
        error_mode: z.enum(['ignore', 'silent', 'propagate']).optional(),
      }),
    )
    .optional();

export const Filter = z.strictObject({
  error_mode: z.enum(['ignore', 'silent', 'propagate']).optional(),
  trace_conditions: conditionsOn(['resource', 'scope', 'span', 'spanevent'] as const),
  metric_conditions: conditionsOn(['resource', 'scope', 'metric', 'datapoint'] as const),
});

export const Batch = z.strictObject({
  timeout: GoDuration.optional(),
  send_batch_size: Count.optional(),
  send_batch_max_size: Count.optional(),
  metadata_keys: Names.optional(),
  metadata_cardinality_limit: Count.optional(),
});

/** https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.156.0/internal/aws/awsutil/awsconfig.go */
const AwsSession = {
  num_workers: Count.optional(),
  endpoint: z.url().optional(),
  request_timeout_seconds: Count.optional(),
  max_retries: Count.optional(),
  no_verify_ssl: z.literal(false).optional(),
  proxy_address: z.string().optional(),
  region: z.string().optional(),
  local_mode: z.boolean().optional(),
  resource_arn: z.string().optional(),
  role_arn: z.string().optional(),
  external_id: z.string().optional(),
};

/** It takes neither a queue nor a retry, so batches are made by the processor. */
export const AwsXray = z.strictObject({
  ...AwsSession,
  indexed_attributes: Names.optional(),
  index_all_attributes: z.boolean().optional(),
  aws_log_groups: Names.optional(),
  telemetry: z
    .strictObject({ enabled: z.boolean().optional(), include_metadata: z.boolean().optional() })
    .optional(),
});

export const AwsEmf = z.strictObject({
  ...AwsSession,
  log_group_name: z.string().optional(),
  log_stream_name: z.string().optional(),
  log_retention: Count.optional(),
  namespace: z.string().optional(),
  dimension_rollup_option: z
    .enum(['NoDimensionRollup', 'SingleDimensionRollupOnly', 'ZeroAndSingleDimensionRollup'])
    .optional(),
  retain_initial_value_of_delta_metric: z.boolean().optional(),
  detailed_metrics: z.boolean().optional(),
  output_destination: z.enum(['cloudwatch', 'stdout']).optional(),
  version: z.enum(['0', '1']).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  parse_json_encoded_attr_values: Names.optional(),
  resource_to_telemetry_conversion: z
    .strictObject({ enabled: z.boolean(), exclude_service_attributes: z.boolean().optional() })
    .optional(),
  metric_declarations: z
    .array(
      z.strictObject({
        dimensions: z.array(Names.max(30)).min(1),
        metric_name_selectors: z.array(z.string().min(1)).min(1),
        label_matchers: z
          .array(
            z.strictObject({
              label_names: Names,
              regex: z.string(),
              separator: z.string().optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
  metric_descriptors: z
    .array(
      z.strictObject({
        metric_name: z.string().min(1),
        unit: z.enum(['Seconds', 'Milliseconds', 'Bytes', 'Percent', 'Count', 'None']),
        overwrite: z.boolean().optional(),
      }),
    )
    .optional(),
});

/** https://github.com/open-telemetry/opentelemetry-collector/blob/v0.156.0/exporter/exporterhelper/README.md */
const SendingQueue = z.strictObject({
  num_consumers: Count.optional(),
  queue_size: Count.optional(),
  sizer: z.enum(['requests', 'items', 'bytes']).optional(),
  block_on_overflow: z.boolean().optional(),
  wait_for_result: z.boolean().optional(),
  batch: z
    .strictObject({
      flush_timeout: GoDuration.optional(),
      sizer: z.enum(['items', 'bytes']).optional(),
      min_size: Count.optional(),
      max_size: Count.optional(),
    })
    .optional(),
});

/** `otlphttp` is its older name, of which the collector warns. */
export const OtlpHttp = z.strictObject({
  endpoint: z.url().optional(),
  traces_endpoint: z.url().optional(),
  metrics_endpoint: z.url().optional(),
  logs_endpoint: z.url().optional(),
  encoding: z.enum(['proto', 'json']).optional(),
  compression: z.enum(['gzip', 'none']).optional(),
  timeout: GoDuration.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  auth: z.strictObject({ authenticator: z.string().min(1) }).optional(),
  max_idle_conns: Count.optional(),
  idle_conn_timeout: GoDuration.optional(),
  sending_queue: SendingQueue.optional(),
  retry_on_failure: z
    .strictObject({
      enabled: z.boolean().optional(),
      initial_interval: GoDuration.optional(),
      randomization_factor: z.number().optional(),
      multiplier: z.number().optional(),
      max_interval: GoDuration.optional(),
      max_elapsed_time: GoDuration.optional(),
    })
    .optional(),
});

const Pipeline = z.strictObject({
  receivers: Names.min(1),
  processors: Names.optional(),
  exporters: Names.min(1),
});

/** https://opentelemetry.io/docs/collector/internal-telemetry/ */
const Telemetry = z.strictObject({
  resource: z.record(z.string(), z.string().nullable()).optional(),
  logs: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
      encoding: z.enum(['json', 'console']).optional(),
      disable_stacktrace: z.boolean().optional(),
    })
    .optional(),
  metrics: z
    .strictObject({
      level: z.enum(['none', 'basic', 'normal', 'detailed']),
      readers: z
        .array(
          z.strictObject({
            pull: z.strictObject({
              exporter: z.strictObject({
                prometheus: z.strictObject({
                  host: z.literal('127.0.0.1'),
                  port: z.int().min(1).max(65_535),
                  without_scope_info: z.boolean().optional(),
                  without_type_suffix: z.boolean().optional(),
                  without_units: z.boolean().optional(),
                }),
              }),
            }),
          }),
        )
        .optional(),
    })
    .optional(),
});

export const Service = z.strictObject({
  extensions: Names.optional(),
  pipelines: z.record(z.string().regex(/^(traces|metrics|logs)(\/\w+)?$/), Pipeline),
  telemetry: Telemetry.optional(),
});
