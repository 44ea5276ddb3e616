import { Duration } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { MathExpression, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type Connections,
  type IConnectable,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { EnvironmentConfig } from '../../config';
import { acknowledge } from '../../shared/acknowledge';
import type { PlatformSettings } from '../../shared/platform-settings';
import { AccessLogs } from './access-logs';
import { addAddress, certificateOf } from './domain';
import {
  alarmEdge,
  alarmTargets,
  type EdgeAlarms,
  metricErrorRate,
  metricSlowest,
  type TargetAlarms,
} from './edge-alarms';
import { Firewall } from './firewall';
import { IDLE_TIMEOUT } from './idle-timeout';
import { addListener, rulesOf } from './listeners';

export interface EdgeProps {
  readonly platform: PlatformSettings;
  /** The load balancer stands in its public subnets. */
  readonly vpc: IVpc;
  readonly edge: EnvironmentConfig['edge'];
  /** What people type. @default none: they type the load balancer's own name, without TLS */
  readonly domain?: string | undefined;
}

export interface TargetsProps {
  readonly service: FargateService;
  readonly containerName: string;
  /** The container's. */
  readonly port: number;
  /** Such as `/api/*`; four at most, five without a domain. @default whatever no other targets take */
  readonly pathPatterns?: readonly string[];
  /** Lower is asked first. @default 100 with path patterns, 1000 without */
  readonly priority?: number;
  /** Answers with 200 when the task may have requests. */
  readonly healthCheckPath: string;
  /** How long a task that goes may finish what it has begun. */
  readonly deregistrationDelay: Duration;
  /** The slowest hundredth of the answers may take so long. @default `alarms.edge.slowSeconds` */
  readonly slowAfter?: Duration;
}

/**
 * The one door from the internet: an HTTPS load balancer with its certificate, its firewall, its logs and its address.
 * Whoever asks for another host than the domain is answered with 404, and so is whoever asks for an address by number.
 *
 * What a client says of itself is not to be believed behind it. Of `X-Forwarded-For` only the last entry is ours;
 * `X-Forwarded-Proto` and `-Port` are written anew. `X-Amzn-Trace-Id` keeps a client's `Root`, and `X-Forwarded-Host`,
 * `Forwarded` and `traceparent` pass as they came: a load balancer can take none of them away, so the services do, by
 * the port at which a request arrives. `docs/decisions/1501-one-door.md` has the sources.
 */
export class Edge extends Construct implements IConnectable {
  readonly loadBalancer: elb.ApplicationLoadBalancer;
  /** The load balancer's security group. */
  readonly connections: Connections;
  /**
   * `https://golive.example`, or `http://` and the load balancer's own name, which may have capital letters: a browser
   * writes `Origin` in small ones, so compare what `new URL` makes of it.
   */
  readonly origin: string;
  /** Of the load balancer itself, its firewall and its certificate. Those of targets: {@link alarmsOf}. */
  readonly alarms: EdgeAlarms;
  /** @default none - the environment has no `edge.waf` */
  readonly firewall: Firewall | undefined;

  private readonly vpc: IVpc;
  private readonly limits: EnvironmentConfig['alarms']['edge'];
  private readonly domain: string | undefined;
  private readonly listener: elb.ApplicationListener;
  private readonly priorities = new Map<number, string>();
  private readonly alarmsByTargets = new Map<elb.ApplicationTargetGroup, TargetAlarms>();

  /** @throws Error when there is a domain and no certificate for it, or neither a domain nor `plainHttp` */
  constructor(scope: Construct, id: string, { platform, vpc, edge, domain }: EdgeProps) {
    super(scope, id);
    this.vpc = vpc;
    this.limits = platform.alarms.edge;
    this.domain = domain;
    this.loadBalancer = this.makeLoadBalancer(edge);
    this.connections = this.loadBalancer.connections;
    new AccessLogs(this, 'Logs', { platform, loadBalancer: this.loadBalancer });

    const certificate = certificateOf(this, edge, domain);
    this.listener = addListener(
      this.loadBalancer,
      certificate && domain ? { certificate, domain } : undefined,
    );
    if (domain !== undefined && edge.hostedZone) addAddress(this, this.loadBalancer, edge.hostedZone, domain);
    this.origin =
      domain === undefined ? `http://${this.loadBalancer.loadBalancerDnsName}` : `https://${domain}`;

    this.firewall =
      edge.waf &&
      new Firewall(this, 'Firewall', {
        platform,
        loadBalancerArn: this.loadBalancer.loadBalancerArn,
        limits: edge.waf,
      });
    this.alarms = this.addAlarms(edge, certificate);
  }

  /**
   * Sends requests to a service's tasks, lets the load balancer reach them, and adds an alarm for when they fail, are
   * slow, unhealthy or gone.
   *
   * @throws Error when other targets have that priority, or there are too many path patterns
   */
  addTargets(id: string, props: TargetsProps): elb.ApplicationTargetGroup {
    const { service, containerName, port, pathPatterns, healthCheckPath, deregistrationDelay } = props;
    const priority = props.priority ?? (pathPatterns ? 100 : 1000);
    this.takePriority(priority, id);
    const scope = new Construct(this, id);
    const targets = new elb.ApplicationTargetGroup(scope, 'Targets', {
      vpc: this.vpc,
      targetType: elb.TargetType.IP,
      protocol: elb.ApplicationProtocol.HTTP,
      port,
      deregistrationDelay,
      // A new task has requests after 2 × 10 s, and one that hangs has none after 3 × 10 s.
      healthCheck: {
        path: healthCheckPath,
        healthyHttpCodes: '200',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
    targets.addTarget(service.loadBalancerTarget({ containerName, containerPort: port }));
    this.listener.addAction(id, {
      priority,
      conditions: rulesOf(id, this.domain, pathPatterns),
      action: elb.ListenerAction.forward([targets]),
    });
    this.alarmsByTargets.set(targets, alarmTargets(scope, id, targets, this.limits, props.slowAfter));
    return targets;
  }

  /**
   * The alarms that came with these targets.
   *
   * @throws Error when they are not of this edge
   */
  alarmsOf(targets: elb.ApplicationTargetGroup): TargetAlarms {
    const alarms = this.alarmsByTargets.get(targets);
    if (!alarms) throw new Error(`${targets.node.path} are not targets of ${this.node.path}: use addTargets`);
    return alarms;
  }

  /** Requests that these targets answered. @default sum over 5 minutes */
  metricRequests(targets: elb.ApplicationTargetGroup, options?: MetricOptions): Metric {
    return targets.metrics.requestCount(options);
  }

  /** The share of these targets' answers that were a 5xx, percent; 0 below the traffic floor. @default over a minute */
  metricErrorRate(targets: elb.ApplicationTargetGroup, period?: Duration): MathExpression {
    return metricErrorRate(targets, this.limits.trafficFloorPerMinute, period);
  }

  /** What the slowest hundredth of these targets' answers took, seconds; 0 below the traffic floor. @default over a minute */
  metricSlowest(targets: elb.ApplicationTargetGroup, period?: Duration): MathExpression {
    return metricSlowest(targets, this.limits.trafficFloorPerMinute, period);
  }

  /** Errors that the load balancer answered with by itself. @default sum over 5 minutes */
  metricErrors(options?: MetricOptions): Metric {
    return this.loadBalancer.metrics.httpCodeElb(elb.HttpCodeElb.ELB_5XX_COUNT, options);
  }

  private makeLoadBalancer(edge: EdgeProps['edge']): elb.ApplicationLoadBalancer {
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: 'From the internet to the load balancer, and on to the services',
      allowAllOutbound: false, // each target that is added is let through
    });
    securityGroup.addIngressRule(Peer.anyIpv4(), Port.HTTP, 'HTTP from anywhere');
    if (!edge.plainHttp) securityGroup.addIngressRule(Peer.anyIpv4(), Port.HTTPS, 'HTTPS from anywhere');
    acknowledge(securityGroup, 'AwsSolutions', 'AwsSolutions-EC23', 'It is the one door from the internet.');
    return new elb.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc: this.vpc,
      internetFacing: true,
      securityGroup,
      idleTimeout: IDLE_TIMEOUT,
      deletionProtection: edge.deletionProtection,
      dropInvalidHeaderFields: true,
      // What two parsers may read in two ways is refused, and not only what is known to be an attack.
      desyncMitigationMode: elb.DesyncMitigationMode.STRICTEST,
      xffHeaderProcessingMode: elb.XffHeaderProcessingMode.APPEND,
      preserveHostHeader: true,
    });
  }

  private takePriority(priority: number, id: string): void {
    const other = this.priorities.get(priority);
    if (other !== undefined) {
      throw new Error(`targets "${id}" have priority ${priority}, as "${other}" have: pass another one`);
    }
    this.priorities.set(priority, id);
  }

  private addAlarms({ waf }: EdgeProps['edge'], certificate: ICertificate | undefined): EdgeAlarms {
    const { firewall } = this;
    return alarmEdge(this, {
      loadBalancer: this.loadBalancer,
      firewall: firewall &&
        waf && { metric: (options) => firewall.metricBlocked(options), limit: waf.requestsPer5Minutes },
      certificate,
      limits: this.limits,
    });
  }
}
