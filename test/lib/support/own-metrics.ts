import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { collectorConfiguration } from '../../../lib/services/collector/configuration';

const LAMBDAS = join(__dirname, '../../../lambdas');

/** What our own code tells CloudWatch: who tells it, its name, and its dimensions in alphabetical order. */
export interface OwnMetric {
  readonly service: string;
  readonly metricName: string;
  readonly dimensions: readonly string[];
}

/** Every metric has these, by Powertools and by the collector. */
const ALWAYS = ['environment', 'service'];

/** Read from the code itself: what a handler adds, and what the collector's configuration lets through. */
export function ownMetrics(): OwnMetric[] {
  return [...ofFunctions(), ...['gateway', 'frontend'].flatMap(ofCollector)];
}

function ofFunctions(): OwnMetric[] {
  return readdirSync(LAMBDAS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && dirname(dirname(path)) !== '.')
    .flatMap((path) => {
      const service = relative('.', dirname(path)).split('/').slice(0, 2).join('-');
      return metricsIn(readFileSync(join(LAMBDAS, path), 'utf8')).map((metric) => ({ service, ...metric }));
    });
}

/** `metrics.addMetric('Name'` has no dimension of its own; after `singleMetric()` those count that were added to it. */
export function metricsIn(code: string): Omit<OwnMetric, 'service'>[] {
  const found: Omit<OwnMetric, 'service'>[] = [];
  let single: string[] = [];
  for (const [, receiver, call, name] of code.matchAll(
    /(\w+)?\s*\.(singleMetric|addDimension|addMetric)\(\s*(?:'([\w.]+)')?/g,
  )) {
    if (call === 'singleMetric') single = [];
    else if (call === 'addDimension') single.push(name as string);
    else if (name !== undefined) {
      const own = receiver === 'metrics' ? [] : single;
      found.push({ metricName: name, dimensions: [...ALWAYS, ...own].sort() });
    }
  }
  return found;
}

function ofCollector(service: string): OwnMetric[] {
  const { exporters } = collectorConfiguration({
    service,
    environment: 'test',
    region: 'eu-central-1',
    memoryMiB: 256,
    exporter: 'xray',
    metrics: undefined,
  });
  return (exporters.awsemf.metric_declarations ?? []).flatMap(({ dimensions, metric_name_selectors }) =>
    metric_name_selectors.flatMap((selector) =>
      dimensions.map((names) => ({
        service,
        metricName: selector.replace(/^\^|\$$/g, ''),
        dimensions: [...names].sort(),
      })),
    ),
  );
}
