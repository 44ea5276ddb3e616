import { createHash } from 'node:crypto';
import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { GoLiveError } from '../../../core/shared/errors';
import type { EnvironmentConfig } from '../../config';
import { COLLECTOR_STOP_SECONDS } from '../../config/services-rules';
import { declareAlarm } from '../../shared/alarm';
import { METRICS_NAMESPACE } from '../../shared/platform-function';
import type { PlatformSettings } from '../../shared/platform-settings';
import { dropAllCapabilities } from '../../shared/container-hardening';
import { imageFrom } from '../service-image';
import {
  COLLECTOR_PORTS,
  collectorConfiguration,
  type CollectorConfigurationOptions,
  METRICS_LOG_GROUP,
} from './configuration';
import { PUBLIC_IMAGE } from './image';
import { SPANS_LOST } from './metrics';
import { CollectorConfiguration } from './schema';

export interface CollectorProps {
  readonly platform: PlatformSettings;
  readonly region: string;
  /** `gateway` */
  readonly service: string;
  /** The task that it is added to. */
  readonly definition: ecs.FargateTaskDefinition;
  readonly taskRole: IRole;
  /** Where it says what went wrong. */
  readonly logGroup: ILogGroup;
  readonly observability: EnvironmentConfig['services']['observability'];
  /** Where the service shows its metrics, and which of them are kept. @default it shows none */
  readonly metrics?: CollectorConfigurationOptions['metrics'];
}

/** Thrown when the configuration is larger than a parameter. */
export class CollectorConfigurationTooLargeError extends GoLiveError {
  readonly code = 'CollectorConfigurationTooLargeError';
}

/** A standard parameter's most, characters. https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html */
const PARAMETER_CHARACTERS = 4096;

/** `aoc` of the image. */
const USER = '4317:4317';

/** Sampling is decided by the services, so X-Ray's rules are not read. */
const EXPORT_ACTIONS = {
  xray: ['xray:PutTraceSegments'],
  otlp: ['xray:PutTraceSegments', 'xray:PutSpans', 'xray:PutSpansForIndexing'],
} satisfies Record<CollectorConfigurationOptions['exporter'], string[]>;

/**
 * The OpenTelemetry collector beside a service, in its task: takes spans from the service over the loopback interface and
 * hands them to X-Ray, and keeps the few metrics that somebody looks at. When it falls the service goes on.
 */
export class Collector extends Construct {
  readonly container: ecs.ContainerDefinition;
  private readonly service: string;
  private readonly environmentName: string;

  /**
   * @throws CollectorConfigurationTooLargeError
   * @throws ZodError when the configuration is not one that the collector takes
   */
  constructor(scope: Construct, id: string, props: CollectorProps) {
    super(scope, id);
    const { platform, definition, taskRole, observability, service } = props;
    const { image, cpu, memoryMiB } = observability.collector;
    this.service = service;
    this.environmentName = platform.environmentName;

    const metricsLogs = new LogGroup(this, 'MetricsLogs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    const text = configurationText({
      service,
      memoryMiB,
      environment: platform.environmentName,
      region: props.region,
      exporter: observability.exporter,
      metrics: props.metrics,
    });
    const parameter = new StringParameter(this, 'Configuration', {
      description: `What the collector of ${service} does (${platform.environmentName})`,
      stringValue: text,
    });

    this.container = definition.addContainer('collector', {
      image: image ? imageFrom(this, image) : ecs.ContainerImage.fromRegistry(PUBLIC_IMAGE),
      // Without it the service still works; a collector that keeps falling would take healthy tasks with it.
      essential: false,
      enableRestartPolicy: true,
      restartAttemptPeriod: Duration.seconds(60), // the least; by default it must have run for 300
      cpu,
      memoryLimitMiB: memoryMiB,
      user: USER,
      readonlyRootFilesystem: true,
      linuxParameters: dropAllCapabilities(this),
      // Not a shell's: there is none in the image, and CDK makes one of a single word.
      healthCheck: {
        command: ['CMD', '/healthcheck'],
        interval: Duration.seconds(10),
        timeout: Duration.seconds(3),
        retries: 3,
        startPeriod: Duration.seconds(10),
      },
      stopTimeout: Duration.seconds(COLLECTOR_STOP_SECONDS),
      logging: ecs.LogDrivers.awsLogs({ logGroup: props.logGroup, streamPrefix: 'collector' }),
      secrets: { AOT_CONFIG_CONTENT: ecs.Secret.fromSsmParameter(parameter) },
      environment: {
        AWS_REGION: props.region,
        [METRICS_LOG_GROUP]: metricsLogs.logGroupName,
        // It reads its configuration when it starts and never again: another hash is another task definition.
        COLLECTOR_CONFIG_SHA256: createHash('sha256').update(text).digest('hex'),
      },
    });
    metricsLogs.grantWrite(taskRole);
    taskRole.addToPrincipalPolicy(
      new PolicyStatement({
        actions: EXPORT_ACTIONS[observability.exporter],
        resources: ['*'], // X-Ray takes spans for no resource in particular
      }),
    );
  }

  /** Lets the service start when the collector has, not when it is well; the collector then ends after the service. */
  startBefore(service: ecs.ContainerDefinition): void {
    service.addContainerDependencies({
      container: this.container,
      condition: ecs.ContainerDependencyCondition.START,
    });
  }

  /** Spans that were lost. @default sum over 5 minutes */
  metricSpansLost(options?: MetricOptions): Metric {
    return new Metric({
      namespace: METRICS_NAMESPACE,
      metricName: SPANS_LOST,
      dimensionsMap: { service: this.service, environment: this.environmentName },
      statistic: Stats.SUM,
      period: Duration.minutes(5),
      ...options,
    });
  }

  /** Three times in a row: one lost batch is a network's hiccup, and nobody is woken for traces. */
  addFailingAlarm(): Alarm {
    return declareAlarm(this, 'FailingAlarm', {
      severity: 'warning',
      anchor: 'services-collector-failing',
      subject: this.service,
      description: `The collector of ${this.service} loses spans.`,
      metric: this.metricSpansLost(),
      threshold: 0,
      comparison: '>',
      of: [3, 3],
      missingData: 'notBreaching',
    });
  }
}

/** What a service must be told to send its spans to its collector. */
export function exporterVariables({
  sampleRatio,
  tracesPerSecond,
}: EnvironmentConfig['services']['observability']) {
  return {
    OTEL_ENABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${COLLECTOR_PORTS.otlpHttp}`,
    OTEL_SAMPLE_RATIO: String(sampleRatio),
    ...(tracesPerSecond !== undefined && { OTEL_TRACES_PER_SECOND: String(tracesPerSecond) }),
  };
}

/** JSON, which is YAML too. Checked against what the collector's components take. */
function configurationText(options: CollectorConfigurationOptions): string {
  const text = JSON.stringify(CollectorConfiguration.parse(collectorConfiguration(options)));
  if (text.length > PARAMETER_CHARACTERS) {
    throw new CollectorConfigurationTooLargeError(
      `the collector's configuration of ${options.service} has ${text.length} characters and a parameter takes ` +
        `${PARAMETER_CHARACTERS}: name fewer metrics, or make it an advanced parameter`,
    );
  }
  return text;
}
