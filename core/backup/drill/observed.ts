import type { DrillFact } from '../health/facts';
import type { DrillRecord } from './record';

/** What the monitor judges. */
export function drillFact({
  drillId,
  finishedAt,
  verdict,
  recoverySeconds,
  extrapolatedSeconds,
}: DrillRecord): DrillFact {
  return {
    id: drillId,
    finishedAt: new Date(finishedAt),
    verdict,
    // Nobody asks how long a drill took that did not pass.
    recoverySeconds: extrapolatedSeconds ?? recoverySeconds ?? 0,
  };
}

/** What whoever runs a drill puts into CloudWatch. */
export interface DrillMetric {
  readonly name: 'DrillFailed' | 'RecoveryTime';
  readonly unit: 'Count' | 'Seconds';
  readonly value: number;
}

/**
 * `DrillFailed` is 1 for everything but a drill that passed. `RecoveryTime` is at the live database's size, and not
 * there when nothing was measured.
 */
export function drillMetrics({
  verdict,
  extrapolatedSeconds,
}: Pick<DrillRecord, 'verdict' | 'extrapolatedSeconds'>): DrillMetric[] {
  return [
    { name: 'DrillFailed', unit: 'Count', value: verdict === 'passed' ? 0 : 1 },
    ...(extrapolatedSeconds === null
      ? []
      : [{ name: 'RecoveryTime', unit: 'Seconds', value: extrapolatedSeconds } as const]),
  ];
}
