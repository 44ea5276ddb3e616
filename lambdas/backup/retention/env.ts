import * as z from 'zod';

/**
 * What the retention function is told. Policy, vault and all else stand in the operations parameter, which the
 * operator's command line reads, too: both plan alike.
 */
export const RetentionEnvironment = z.object({});
