import * as z from 'zod';

/** What the function is told; which log groups it is about stands in the properties of the custom resource. */
export const ChatLogsEnvironment = z.object({
  /** Where Amazon Q Developer logs, wherever the channel was configured. */
  LOGS_REGION: z.string().min(1),
});
