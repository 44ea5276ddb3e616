/** A restore that is practised: the newest dump and snapshot are restored, proven, timed, and thrown away. */
export { drillFact, drillMetrics, type DrillMetric } from './observed';
export { listDrills, newestDrill, putDrill, type DrillListing } from './drill-object';
export type { DrillProgress } from './stages';
export { DRILLS_PREFIX, drillKey, parseDrillKey } from './key';
export { DrillNotStoredError, DrillsUnavailableError, NotADumpError } from './errors';
export {
  DrillRecord,
  type DumpPart,
  type DumpStage,
  type SnapshotPart,
  type SnapshotStage,
  type StageName,
  type Verdict,
} from './record';
export { extrapolate } from './recovery-time';
export { runDrill, type DrillRequest } from './run-drill';
export { DRILL_TAG, DRILLED_BY, throwAwayName } from './throw-away-instance';
