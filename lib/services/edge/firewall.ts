import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { EnvironmentConfig } from '../../config';
import type { PlatformSettings } from '../../shared/platform-settings';
import { firewallRules, TOO_MANY_REQUESTS } from './firewall-rules';

export interface FirewallProps {
  readonly platform: PlatformSettings;
  readonly loadBalancerArn: string;
  readonly limits: NonNullable<EnvironmentConfig['edge']['waf']>;
}

/**
 * What no log, no sample in the console and no rule's detail ever shows of a request. `x-api-key` and
 * `proxy-authorization` are no headers of ours, and people put credentials into them by mistake.
 */
const PRIVATE_HEADERS = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-csrf-token'];

/** The web application firewall before the load balancer. When AWS cannot ask it, requests are refused. */
export class Firewall extends Construct {
  /** Its name, and its name in metrics. */
  readonly name: string;

  constructor(scope: Construct, id: string, { platform, loadBalancerArn, limits }: FirewallProps) {
    super(scope, id);
    // Its own name is in every metric and log, so that it is to be read there; it is one for each environment.
    this.name = `golive-${platform.environmentName}`;
    const acl = new CfnWebACL(this, 'Acl', {
      name: this.name,
      description: `In front of ${platform.environmentName}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: {
        cloudWatchMetricsEnabled: true,
        metricName: this.name,
        sampledRequestsEnabled: true,
      },
      customResponseBodies: {
        [TOO_MANY_REQUESTS.key]: {
          contentType: 'APPLICATION_JSON',
          content: JSON.stringify(TOO_MANY_REQUESTS.body),
        },
      },
      rules: firewallRules(limits),
      // Redaction in the logging configuration alone leaves the samples as they came.
      // https://docs.aws.amazon.com/waf/latest/developerguide/data-protection-masking.html
      dataProtectionConfig: {
        dataProtections: [
          {
            field: { fieldType: 'SINGLE_HEADER', fieldKeys: PRIVATE_HEADERS },
            action: 'SUBSTITUTION',
          },
        ],
      },
    });
    new CfnWebACLAssociation(this, 'Association', {
      resourceArn: loadBalancerArn,
      webAclArn: acl.attrArn,
    });
    this.log(acl, platform);
  }

  /** Requests that were turned away, by whichever rule. @default sum over 5 minutes */
  metricBlocked(options?: MetricOptions): Metric {
    return new Metric({
      namespace: 'AWS/WAFV2',
      metricName: 'BlockedRequests',
      dimensionsMap: { WebACL: this.name, Region: Stack.of(this).region, Rule: 'ALL' },
      statistic: Stats.SUM,
      period: Duration.minutes(5),
      ...options,
    });
  }

  /** What was blocked, or would have been: a line for each request that was let through is the access log's. */
  private log(acl: CfnWebACL, platform: PlatformSettings): void {
    const logGroup = new LogGroup(this, 'Logs', {
      // AWS WAF writes to no group of another name.
      logGroupName: `aws-waf-logs-${this.name}`,
      retention: platform.logRetentionDays,
      removalPolicy: platform.removalPolicy,
    });
    const stack = Stack.of(this);
    // Without it AWS WAF adds each firewall to one policy of the account, which has been known to be full.
    const policy = logGroup.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('delivery.logs.amazonaws.com')],
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn], // ends in ":*", and so names the group's streams
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({
              service: 'logs',
              resource: '*',
              arnFormat: ArnFormat.NO_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
    const logging = new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      // Without the ":*" that CloudFormation's attribute ends in, which AWS WAF refuses.
      logDestinationConfigs: [
        stack.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: logGroup.logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: PRIVATE_HEADERS.map((Name) => ({ singleHeader: { Name } })),
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: ['BLOCK', 'COUNT', 'EXCLUDED_AS_COUNT'].map((Action) => ({
              ActionCondition: { Action },
            })),
          },
        ],
      },
    });
    if (policy.policyDependable) logging.node.addDependency(policy.policyDependable);
  }
}
