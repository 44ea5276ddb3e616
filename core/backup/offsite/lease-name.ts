/** In the replica vault, so that the vault's own retention, under a lease of its own, has nothing to do with it. */
export const REPLICA_RETENTION_LEASE = 'retention/dumps';
