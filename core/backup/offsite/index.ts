/** Copies in another Region: snapshots that are copied there, the replica vault, and what is known of both. */
export { copyIdentifier } from './copy';
export { COPIES_AT_A_TIME, copySnapshots, type CopyReport, type CopyRequest } from './copy-snapshots';
export {
  OffsiteUnreadableError,
  ReplicaPruneIncompleteError,
  SnapshotCopyError,
  type CopyFailure,
} from './errors';
export { observeOffsite, type Offsite } from './observe-offsite';
export type { CopyRules } from './plan-copies';
export { pruneReplica, type PruneReplicaReport, type PruneReplicaRequest } from './prune-replica';
