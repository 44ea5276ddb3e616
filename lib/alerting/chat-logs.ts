import { ArnFormat, CustomResource, Duration, Size, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { z } from 'zod';
import type { Severity } from '../../core/alerting/alarm-name';
import { CHAT_LOGS_REGION, type ChatLogsProperties } from '../../core/alerting/chat-logs';
import { ChatLogsEnvironment } from '../../lambdas/alerting/chat-logs/env';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';

/** A physical name: Amazon Q Developer names the channel's log group by it. */
export function chatConfigurationName(environmentName: string, severity: Severity): string {
  return `golive-${environmentName}-${severity}`;
}

export interface ChatLogsProps {
  readonly platform: PlatformSettings;
  readonly severities: readonly Severity[];
  readonly failureQueue: IQueue;
}

/**
 * How long Amazon Q Developer's logs are kept: they lie in another region, in groups that it makes without an end.
 * aws-cdk-lib's own way brings a function that is not ours, and may set the retention of every group of the account.
 */
export class ChatLogs extends Construct {
  readonly function: PlatformFunction<typeof ChatLogsEnvironment>;
  /** Made when the groups are. */
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, { platform, severities, failureQueue }: ChatLogsProps) {
    super(scope, id);
    const names = severities.map(
      (severity) => `/aws/chatbot/${chatConfigurationName(platform.environmentName, severity)}`,
    );
    this.function = new PlatformFunction(this, 'Keep', {
      platform,
      source: { capability: 'alerting', name: 'chat-logs' },
      packaging: 'zip',
      contract: ChatLogsEnvironment,
      environment: { LOGS_REGION: CHAT_LOGS_REGION },
      timeout: Duration.minutes(1),
      memory: Size.mebibytes(256),
      // CloudFormation has its answer, and a second try would undo nothing.
      asynchronous: { failureQueue, retryAttempts: 0 },
    });
    this.function.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'],
        resources: names.map((resourceName) =>
          Stack.of(this).formatArn({
            service: 'logs',
            region: CHAT_LOGS_REGION,
            resource: 'log-group',
            resourceName,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ),
      }),
    );
    const properties: z.input<typeof ChatLogsProperties> = {
      LogGroupNames: names,
      RetentionDays: String(platform.logRetentionDays),
    };
    this.resource = new CustomResource(this, 'Groups', {
      resourceType: 'Custom::ChatLogs',
      serviceToken: this.function.function.functionArn,
      serviceTimeout: Duration.minutes(2),
      properties,
    });
  }
}
