import * as z from 'zod';

/** What the pick-up function is told. */
export const PickUpEnvironment = z.object({
  /** ARNs of the clusters whose services it may redeploy, separated by commas. Empty: those with the environment's tag. */
  CLUSTER_ARNS: z.string(),
});
