import * as z from 'zod';

/** What the function is told that says how the migrations ended. */
export const MigrateAnswerEnvironment = z.object({
  /** Keeps the URL that the answer goes to, each request's in a version of its own. */
  ANSWER_URL_SECRET_ARN: z.string().min(1),
  CLUSTER_ARN: z.string().min(1),
  /** Of the task's definition, without a revision. */
  TASK_FAMILY: z.string().min(1),
  LOG_GROUP_NAME: z.string().min(1),
  /** Of the task's log streams, up to the task's id: `migrate/migrate`. */
  LOG_STREAM_PREFIX: z.string().min(1),
});
