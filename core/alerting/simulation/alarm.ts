import { GoLiveError } from '../../shared/errors';

/** An alarm that the simulation does not understand: what it can't judge it refuses. */
export class SimulationError extends GoLiveError {
  readonly code = 'SimulationError';
}

/** A metric as an alarm asks for it. */
export interface AskedMetric {
  /** What an expression calls it. */
  readonly id: string;
  readonly namespace: string;
  readonly metricName: string;
  /** Values that only a deployment settles are JSON. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** `Sum`, `Average`, `Minimum`, `Maximum` or a percentile such as `p99`. */
  readonly statistic: string;
}

export type Operator =
  | 'GreaterThanThreshold'
  | 'GreaterThanOrEqualToThreshold'
  | 'LessThanThreshold'
  | 'LessThanOrEqualToThreshold';

export type MissingData = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

export interface MetricAlarm {
  readonly name: string;
  readonly description: string;
  readonly metrics: readonly AskedMetric[];
  /** Of metric math. @default the one metric itself */
  readonly expression: string | undefined;
  readonly periodSeconds: number;
  readonly operator: Operator;
  readonly threshold: number;
  /** N. */
  readonly evaluationPeriods: number;
  /** M. */
  readonly datapointsToAlarm: number;
  readonly missingData: MissingData;
}

export interface CompositeAlarm {
  readonly name: string;
  readonly description: string;
  /** With the names of its children. */
  readonly rule: string;
  readonly suppressor:
    { readonly alarm: string; readonly waitSeconds: number; readonly extensionSeconds: number } | undefined;
}

/** All alarms of a platform. */
export interface Alarms {
  readonly metricAlarms: readonly MetricAlarm[];
  readonly compositeAlarms: readonly CompositeAlarm[];
}
