import * as z from 'zod';

/** What the monitor function is told. Which secrets there are stands in the operations parameter. */
export const MonitorEnvironment = z.object({});
