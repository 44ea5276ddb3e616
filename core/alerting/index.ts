/** How an alarm reaches somebody, and the proof that it does. */
export { SEVERITIES, type Severity } from './alarm-name';
export { AlertingNotFoundError, NoRouteError, PathNotProvenError, PathProofError } from './errors';
export { beat, type HeartbeatSlot, type SeverityHeartbeat } from './heartbeat';
export { AlertingOperations, type AlertingRoute, type Channel } from './operations';
export { type Hop, type PathProof, type RouteProof } from './proof';
export { PROOF_STATES } from './proof-states';
export { provePath } from './prove-path';
export { readAlertingOperations } from './read-alerting-operations';
export { testAlarmName } from './test-alarm';
