import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { ApplicationLoadBalancer, CfnLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../../shared/acknowledge';
import type { PlatformSettings } from '../../shared/platform-settings';

export interface AccessLogsProps {
  readonly platform: PlatformSettings;
  readonly loadBalancer: ApplicationLoadBalancer;
}

/**
 * Where the load balancer writes down every request and every connection, those included whose handshake failed. A
 * request's line holds its path and query; no header but `User-Agent`, `Host` and the trace's id, and no body.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
 */
export class AccessLogs extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { platform, loadBalancer }: AccessLogsProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.S3_MANAGED, // load balancers cannot write under a customer key
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      removalPolicy: platform.removalPolicy,
      lifecycleRules: [
        {
          id: 'logs-past-their-retention',
          expiration: Duration.days(platform.logRetentionDays),
          noncurrentVersionExpiration: Duration.days(1),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    acknowledge(
      this.bucket,
      'AwsSolutions',
      'AwsSolutions-S1',
      'It holds logs itself; who reads them is in CloudTrail where an account records data events.',
    );
    this.letIn(loadBalancer);
    for (const kind of ['access', 'connection'] as const) {
      loadBalancer.setAttribute(`${kind}_logs.s3.enabled`, 'true');
      loadBalancer.setAttribute(`${kind}_logs.s3.bucket`, this.bucket.bucketName);
      loadBalancer.setAttribute(`${kind}_logs.s3.prefix`, kind);
    }
  }

  /**
   * CDK's own `logAccessLogs` lets in an account of AWS by its number. The service's name is the same in every region,
   * and can be held to load balancers of this account.
   * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
   */
  private letIn(loadBalancer: ApplicationLoadBalancer): void {
    const stack = Stack.of(this);
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('logdelivery.elasticloadbalancing.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: ['access', 'connection'].map((kind) =>
          this.bucket.arnForObjects(`${kind}/AWSLogs/${stack.account}/*`),
        ),
        conditions: {
          ArnLike: {
            'aws:SourceArn': stack.formatArn({
              service: 'elasticloadbalancing',
              resource: 'loadbalancer',
              resourceName: '*',
              arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
    // A load balancer writes a test file when it is told of the bucket, and is refused when it may not.
    const policy = this.bucket.policy?.node.defaultChild;
    if (policy) (loadBalancer.node.defaultChild as CfnLoadBalancer).node.addDependency(policy);
  }
}
