import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import type * as z from 'zod';
import { ChatLogsProperties } from '../../../core/alerting/chat-logs';
import { defineCustomResource, type CustomResourceRequest } from '../../shared/custom-resource';
import { ChatLogsEnvironment } from './env';

type Request = CustomResourceRequest<z.output<typeof ChatLogsEnvironment>, ChatLogsProperties>;

/** Gives the log groups of chat channels an end, before Amazon Q Developer makes them without one. */
export const handler = defineCustomResource({
  name: 'alerting/chat-logs',
  environment: ChatLogsEnvironment,
  properties: ChatLogsProperties,
  create: keepFor,
  update: keepFor,
  // What was said stays for as long as it was to.
  delete: () => Promise.resolve({}),
});

async function keepFor({ properties, environment, logger }: Request) {
  const logs = new CloudWatchLogsClient({ region: environment.LOGS_REGION });
  try {
    for (const logGroupName of properties.LogGroupNames) {
      await logs.send(new CreateLogGroupCommand({ logGroupName })).catch((error: unknown) => {
        if (!(error instanceof ResourceAlreadyExistsException)) throw error;
      });
      await logs.send(
        new PutRetentionPolicyCommand({ logGroupName, retentionInDays: properties.RetentionDays }),
      );
      logger.info(`${logGroupName} is kept for ${properties.RetentionDays} days`);
    }
  } finally {
    logs.destroy();
  }
  return {};
}
