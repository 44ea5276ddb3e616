import { Duration, type Size } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Connections, IConnectable } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, type IPrincipal, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { z } from 'zod';
import { SharedEnvironment } from '../../lambdas/shared/env';
import type { Schedule } from '../config/schedule';
import { acknowledge } from './acknowledge';
import { declareAlarm } from './alarm';
import { type FunctionSource, labelOf } from './bundle';
import { cronMonitorSlug } from './cron-monitor';
import { type Packaging, withAssetFolder } from './function-assets';
import type { PlatformSettings } from './platform-settings';
import { runOnSchedule } from './scheduled';
import { grantReadNamedSecret } from './secret-access';

/** Our metrics' namespace, for EMF and for whoever draws them. */
export const METRICS_NAMESPACE = 'GoLive';

/** What becomes of an event that the function fails, when nobody waits for its answer. */
export interface AsynchronousInvocation {
  /** Where the event ends when it failed for good, and when it could not be delivered at all. */
  readonly failureQueue: IQueue;
  /** How often Lambda tries again: 0, 1 or 2. */
  readonly retryAttempts: 0 | 1 | 2;
  /** Older events are not tried any more. @default 2 hours */
  readonly maxEventAge?: Duration;
}

/** Set by `PlatformFunction` itself, the same way for every function. */
type Managed =
  | 'architecture'
  | 'deadLetterQueue'
  | 'deadLetterQueueEnabled'
  | 'deadLetterTopic'
  | 'environment'
  | 'functionName'
  | 'logFormat'
  | 'logGroup'
  | 'loggingFormat'
  | 'logRemovalPolicy'
  | 'logRetention'
  | 'logRetentionRetryOptions'
  | 'logRetentionRole'
  | 'maxEventAge'
  | 'memorySize'
  | 'onFailure'
  | 'retryAttempts'
  | 'role'
  | 'timeout'
  | 'tracing';

/**
 * Everything that a Lambda function may be told is passed on, but for what is the same for every function.
 *
 * @typeParam Contract the schema in the function's own `env.ts`
 */
export interface PlatformFunctionProps<Contract extends z.ZodObject> extends Omit<
  lambda.FunctionOptions,
  Managed
> {
  readonly platform: PlatformSettings;
  /** Where its handler is: `lambdas/<capability>/<name>/handler.ts`. */
  readonly source: FunctionSource;
  /** `image` when it needs programs beside Node; then a `Dockerfile` stands beside the handler. */
  readonly packaging: Packaging;
  readonly contract: Contract;
  /** What the contract asks for; what every function is told comes on top. */
  readonly environment: NoInfer<z.input<Contract>>;
  readonly timeout: Duration;
  readonly memory: Size;
  /** @default it is only invoked by callers who wait for the answer */
  readonly asynchronous?: AsynchronousInvocation;
}

/**
 * The one way to make a function: arm64, the current Node, its own log group and role, JSON logs, traces, and
 * an alarm that says when it fails. {@link runOn} gives it a schedule, and an alarm that says when it is silent.
 */
export class PlatformFunction<Contract extends z.ZodObject>
  extends Construct
  implements IGrantable, IConnectable
{
  readonly function: lambda.Function;
  readonly grantPrincipal: IPrincipal;
  /** `backup-dump`: its name in logs, alarms and the runbook. */
  private readonly label: string;
  private readonly environmentName: string;
  private readonly monitorSlug: string | undefined;
  private readonly timeout: Duration;
  private readonly asynchronous: AsynchronousInvocation | undefined;

  /**
   * @throws BundleError when the handler does not exist or does not build
   * @throws Error when the contract names a variable of the shared environment
   */
  constructor(scope: Construct, id: string, props: PlatformFunctionProps<Contract>) {
    super(scope, id);
    const { platform, source, packaging, contract, environment, memory, asynchronous, ...options } = props;
    this.label = labelOf(source);
    this.environmentName = platform.environmentName;
    this.monitorSlug = cronMonitorSlug(platform, this.label);
    this.timeout = props.timeout;
    this.asynchronous = asynchronous;
    refuseSharedNames(contract, this.label);

    const logGroup = new LogGroup(this, 'Logs', {
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    const role = this.makeRole(logGroup, props.vpc !== undefined);

    const common: lambda.FunctionOptions = {
      ...options,
      role,
      logGroup,
      description: options.description ?? `${this.label} of ${platform.environmentName}`,
      architecture: lambda.Architecture.ARM_64,
      memorySize: memory.toMebibytes(),
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel[platform.logLevel],
      environment: {
        ...textValues(environment),
        ...this.sharedEnvironment(platform),
      },
      ...(asynchronous && {
        onFailure: new SqsDestination(asynchronous.failureQueue),
        retryAttempts: asynchronous.retryAttempts,
        maxEventAge: asynchronous.maxEventAge ?? Duration.hours(2),
      }),
    };
    this.function = withAssetFolder(source, packaging, (folder) =>
      packaging === 'zip'
        ? new lambda.Function(this, 'Function', {
            ...common,
            runtime: lambda.Runtime.NODEJS_24_X,
            handler: 'index.handler',
            code: lambda.Code.fromAsset(folder),
          })
        : new lambda.DockerImageFunction(this, 'Function', {
            ...common,
            code: lambda.DockerImageCode.fromImageAsset(folder, { platform: Platform.LINUX_ARM64 }),
          }),
    );
    this.grantPrincipal = role;
    if (platform.sentryDsn) grantReadNamedSecret(role, platform.sentryDsn);

    acknowledge(
      role,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'X-Ray takes segments for no resource in particular, and read-only Describe calls have none to name.',
    );
    this.addFailingAlarm();
    this.addSlowAlarm(platform.alarms.functions.durationPercent);
    this.addThrottledAlarm();
  }

  /** The function's security groups. Throws when it is not in a VPC. */
  get connections(): Connections {
    return this.function.connections;
  }

  /**
   * Runs the function at these times, and adds an alarm for when it does not.
   *
   * @throws Error when the function has no `asynchronous`: a schedule does not wait for the answer
   */
  runOn(schedule: Schedule): Rule {
    if (!this.asynchronous) {
      throw new Error(`${this.label} has a schedule but no destination for failures: pass "asynchronous"`);
    }
    this.reportToMonitor();
    return runOnSchedule(this, {
      label: this.label,
      schedule,
      longestRun: this.timeout,
      target: new LambdaFunction(this.function, {
        // These are for delivery to Lambda; what the handler fails is `asynchronous`'s.
        deadLetterQueue: this.asynchronous.failureQueue,
        retryAttempts: 8,
        maxEventAge: Duration.hours(2),
      }),
      metricRuns: (options) => this.metricInvocations(options),
    });
  }

  /** Tells it the cron monitor of its schedule, where there is one and Sentry can be reached. */
  reportToMonitor(): void {
    if (this.monitorSlug === undefined) return;
    const told = { SENTRY_MONITOR_SLUG: this.monitorSlug } satisfies Partial<
      z.input<typeof SharedEnvironment>
    >;
    for (const [name, value] of Object.entries(told)) this.function.addEnvironment(name, value);
  }

  /**
   * One of the metrics that its handler emits. @default sum over 5 minutes
   *
   * @param dimensions beside the service and the environment
   */
  metricOwn(
    metricName: string,
    options?: MetricOptions,
    dimensions: Readonly<Record<string, string>> = {},
  ): Metric {
    return new Metric({
      namespace: METRICS_NAMESPACE,
      metricName,
      dimensionsMap: { service: this.label, environment: this.environmentName, ...dimensions },
      statistic: Stats.SUM,
      period: Duration.minutes(5),
      ...options,
    });
  }

  /** How often it ran. @default sum over 5 minutes */
  metricInvocations(options?: MetricOptions): Metric {
    return this.function.metricInvocations(options);
  }

  /** How often it failed, timeouts and crashes included. @default sum over 5 minutes */
  metricErrors(options?: MetricOptions): Metric {
    return this.function.metricErrors(options);
  }

  /** How long it took, milliseconds. @default average over 5 minutes */
  metricDuration(options?: MetricOptions): Metric {
    return this.function.metricDuration(options);
  }

  /** How often Lambda turned an invocation away. @default sum over 5 minutes */
  metricThrottles(options?: MetricOptions): Metric {
    return this.function.metricThrottles(options);
  }

  /** Our own role instead of CDK's, whose managed policy may write to every log group of the account. */
  private makeRole(logGroup: LogGroup, isInVpc: boolean): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    if (isInVpc) {
      role.addManagedPolicy(
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole'),
      );
      acknowledge(
        role,
        'AwsSolutions',
        'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole]',
        'AWS keeps the list of what Lambda needs to attach a function to a VPC.',
      );
    }
    return role;
  }

  private sharedEnvironment(platform: PlatformSettings): Record<string, string> {
    const shared: z.input<typeof SharedEnvironment> = {
      GOLIVE_ENVIRONMENT: platform.environmentName,
      POWERTOOLS_SERVICE_NAME: this.label,
      POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
      POWERTOOLS_LOG_LEVEL: platform.logLevel,
      SENTRY_DSN_SECRET_NAME: platform.sentryDsn?.name,
    };
    return textValues(shared);
  }

  /** One failed run is an alarm, and it stays one until a run succeeds: between runs there is no data. */
  private addFailingAlarm(): void {
    declareAlarm(this, 'FailingAlarm', {
      severity: 'warning',
      anchor: `${this.label}-failing`,
      description: `The last run of ${this.label} failed.`,
      metric: this.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'it counts runs, and between two of them there may be a day',
      missingData: 'ignore',
    });
  }

  /** It comes near its end of time. No share of many runs: most functions run once an hour or a day. */
  private addSlowAlarm(percent: number): void {
    declareAlarm(this, 'SlowAlarm', {
      severity: 'warning',
      anchor: 'function-slow',
      subject: this.label,
      description: `The last run of ${this.label} took more than ${percent} % of the time that it has.`,
      metric: this.metricDuration({ period: Duration.minutes(5), statistic: Stats.percentile(99) }),
      threshold: (this.timeout.toMilliseconds() * percent) / 100,
      comparison: '>',
      of: [1, 1],
      onceIsEnough: 'it looks at runs, and between two of them there may be a day',
      missingData: 'ignore',
    });
  }

  /** Lambda tries a single one again by itself. */
  private addThrottledAlarm(): void {
    declareAlarm(this, 'ThrottledAlarm', {
      severity: 'warning',
      anchor: 'function-throttled',
      subject: this.label,
      description: `Lambda turns calls of ${this.label} away.`,
      metric: this.metricThrottles({ period: Duration.minutes(5) }),
      threshold: 0,
      comparison: '>',
      of: [2, 3],
      missingData: 'notBreaching',
    });
  }
}

/** A function's own contract must not name what every function is told: one of the two would be dropped. */
function refuseSharedNames(contract: z.ZodObject, label: string): void {
  const shared = Object.keys(contract.shape).filter((name) => name in SharedEnvironment.shape);
  if (shared.length > 0) {
    throw new Error(`the contract of ${label} names ${shared.join(', ')}: remove it, every function is told`);
  }
}

/** Drops what is not set. A contract's input is text, because that is all an environment can carry. */
function textValues(environment: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
