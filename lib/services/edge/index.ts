export { Edge, type EdgeProps, type TargetsProps } from './edge';
export type { EdgeAlarms, TargetAlarms } from './edge-alarms';
export { ERROR_REPORTS_PATH, SIGN_IN_PATHS } from './firewall-rules';
export { IDLE_TIMEOUT } from './idle-timeout';
