import * as z from 'zod';

/** What the monitor function is told. Limits and vault stand in the operations parameter. */
export const MonitorEnvironment = z.object({});
