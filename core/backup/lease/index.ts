/** Keeps two runs out of each other's way, by conditional writes to the vault and S3's clock. */
export { LeaseHeldError, LeaseInvalidError, LeaseLostError, LeaseUnavailableError } from './errors';
export { takeLease, type Lease, type LeaseRequest, type Timing } from './lease';
export { leaseKey } from './record';
export { withLease, type WithLeaseRequest } from './with-lease';
