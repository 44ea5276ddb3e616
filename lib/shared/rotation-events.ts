import type { EventPattern } from 'aws-cdk-lib/aws-events';

/**
 * What Secrets Manager itself says of rotations, which CloudTrail passes on where there is a trail.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-cloudtrail.html
 *
 * @param eventNames such as `RotationFailed`
 */
export function rotationEvents(eventNames: readonly string[], secretArns: readonly string[]): EventPattern {
  return {
    source: ['aws.secretsmanager'],
    detailType: ['AWS Service Event via CloudTrail'],
    detail: {
      eventSource: ['secretsmanager.amazonaws.com'],
      eventName: [...eventNames],
      additionalEventData: { SecretId: [...secretArns] },
    },
  };
}
