import { type AskedMetric, SimulationError } from './alarm';
import type { Figure } from './expression';

/** What somebody tells CloudWatch of a metric in each minute. */
export type Series = (minute: number) => Figure;

const STATISTICS: Readonly<Record<string, (samples: readonly number[]) => number>> = {
  Sum: (samples) => samples.reduce((sum, sample) => sum + sample, 0),
  Average: (samples) => samples.reduce((sum, sample) => sum + sample, 0) / samples.length,
  Minimum: (samples) => Math.min(...samples),
  Maximum: (samples) => Math.max(...samples),
};

/**
 * A metric by period: its statistic over the samples of the minutes that end with this one, and none where there is no sample.
 *
 * @throws SimulationError for a statistic that is not known
 */
export function aggregate(series: Series, { statistic }: AskedMetric, periodMinutes: number): Series {
  const percent = /^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1];
  const reduce = percent === undefined ? STATISTICS[statistic] : percentile(Number(percent));
  if (!reduce)
    throw new SimulationError(`the simulation does not know the statistic "${statistic}": teach it`);
  return remembered((minute) => {
    const samples = [];
    for (let at = Math.max(0, minute - periodMinutes + 1); at <= minute; at++) {
      const sample = series(at);
      if (sample !== undefined) samples.push(sample);
    }
    return samples.length === 0 ? undefined : reduce(samples);
  });
}

/** The same, reckoned once for each minute: an alarm asks for a figure as often as it looks back. */
export function remembered(series: Series): Series {
  const known: { readonly figure: Figure }[] = [];
  return (minute) => (known[minute] ??= { figure: series(minute) }).figure;
}

function percentile(percent: number): (samples: readonly number[]) => number {
  return (samples) => {
    const sorted = [...samples].sort((one, other) => one - other);
    return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number;
  };
}
