import * as z from 'zod';

/** Amazon Q Developer logs there, wherever the channel was configured. https://docs.aws.amazon.com/chatbot/latest/adminguide/cloudwatch-logs.html */
export const CHAT_LOGS_REGION = 'us-east-1';

/** What the custom resource of the chat channels' log groups is given. CloudFormation passes each scalar as text. */
export const ChatLogsProperties = z.object({
  LogGroupNames: z.array(z.string().regex(/^\/aws\/chatbot\/golive-[a-z0-9-]+$/)).min(1),
  RetentionDays: z.coerce.number().int().min(1),
});
export type ChatLogsProperties = z.output<typeof ChatLogsProperties>;
