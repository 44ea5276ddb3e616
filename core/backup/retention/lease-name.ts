/** One prunes at a time: two plans made at once would each count the other's victims as survivors. */
export const RETENTION_LEASE = 'retention';
