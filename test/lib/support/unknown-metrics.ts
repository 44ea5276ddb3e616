import type { Alarms, AskedMetric } from '../../../core/alerting/simulation/alarm';
import { METRICS_NAMESPACE } from '../../../lib/shared/platform-function';
import type { OwnMetric } from './own-metrics';
import { PUBLISHED } from './published-metrics';

/** The metrics of alarms that nobody tells CloudWatch, as `<alarm>: <what is wrong>`. */
export function unknownMetrics({ metricAlarms }: Alarms, own: readonly OwnMetric[]): string[] {
  return metricAlarms.flatMap(({ name, metrics }) =>
    metrics.flatMap((metric) => {
      const wrong = metric.namespace === METRICS_NAMESPACE ? wrongOwn(metric, own) : wrongPublished(metric);
      return wrong === undefined ? [] : [`${name}: ${wrong}`];
    }),
  );
}

const namesOf = ({ dimensions }: AskedMetric) => Object.keys(dimensions).sort().join(', ');

function wrongPublished(metric: AskedMetric): string | undefined {
  const publication = PUBLISHED[metric.namespace];
  if (!publication) return `no table of the namespace ${metric.namespace}: add it to published-metrics.ts`;
  const published = publication.metrics[metric.metricName];
  if (published === undefined)
    return `${metric.namespace} has no ${metric.metricName} (${publication.source})`;
  const sets = typeof published === 'string' ? publication.dimensions : published.dimensions;
  if (sets.some((set) => set.join(', ') === namesOf(metric))) return undefined;
  return `${metric.metricName} is not told by ${namesOf(metric)} (${publication.source})`;
}

function wrongOwn(metric: AskedMetric, own: readonly OwnMetric[]): string | undefined {
  const { service } = metric.dimensions;
  const told = own.filter((one) => one.service === service && one.metricName === metric.metricName);
  if (told.length === 0) return `${service} tells no ${metric.metricName}`;
  if (told.some(({ dimensions }) => dimensions.join(', ') === namesOf(metric))) return undefined;
  return `${service} does not tell ${metric.metricName} by ${namesOf(metric)}`;
}
