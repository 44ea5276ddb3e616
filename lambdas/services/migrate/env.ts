import * as z from 'zod';

/** What the function is told that begins the migrations. The task is a property of the custom resource. */
export const MigrateEnvironment = z.object({
  STATE_MACHINE_ARN: z.string().min(1),
  /** Keeps the URL that the answer goes to, each request's in a version of its own. */
  ANSWER_URL_SECRET_ARN: z.string().min(1),
});
