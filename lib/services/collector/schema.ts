import { z } from 'zod';
import {
  AwsEmf,
  AwsXray,
  Batch,
  Filter,
  HealthCheck,
  MemoryLimiter,
  OtlpHttp,
  OtlpReceiver,
  PrometheusReceiver,
  ResourceDetection,
  Service,
  SigV4Auth,
} from './components';

const Components = z.strictObject({
  extensions: z.strictObject({ health_check: HealthCheck, sigv4auth: SigV4Auth.optional() }),
  receivers: z.strictObject({ otlp: OtlpReceiver, prometheus: PrometheusReceiver }),
  processors: z.strictObject({
    memory_limiter: MemoryLimiter,
    resourcedetection: ResourceDetection,
    'filter/health': Filter,
    'filter/metrics': Filter,
    'batch/traces': Batch.optional(),
  }),
  exporters: z.strictObject({
    awsxray: AwsXray.optional(),
    awsemf: AwsEmf,
    otlp_http: OtlpHttp.optional(),
  }),
  service: Service,
});

type Components = z.output<typeof Components>;

/**
 * A whole configuration of the collector. Beyond each component's own keys it must hold together: what a pipeline names is
 * there, and what is there is used, because the collector starts nothing else.
 */
export const CollectorConfiguration = Components.superRefine((configuration, context) => {
  const named = namesIn(configuration);
  const { authenticator } = configuration.exporters.otlp_http?.auth ?? {};
  if (authenticator !== undefined && !named.extensions.has(authenticator)) {
    context.addIssue({
      code: 'custom',
      path: ['exporters', 'otlp_http', 'auth'],
      message: `${authenticator} is not started: name it in service.extensions`,
    });
  }
  for (const kind of KINDS) {
    const defined = Object.entries(configuration[kind])
      .filter(([, component]) => component !== undefined)
      .map(([name]) => name);
    const complain = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: [kind, name], message });
    for (const name of named[kind]) {
      if (!defined.includes(name)) complain(name, 'is named and not there: configure it, or name it no more');
    }
    for (const name of defined) {
      if (!named[kind].has(name)) complain(name, 'is there and in no pipeline: remove it, or name it');
    }
  }
});

/** What one writes. */
export type CollectorConfiguration = z.input<typeof CollectorConfiguration>;

const KINDS = ['extensions', 'receivers', 'processors', 'exporters'] as const;

function namesIn({ service }: Components): Record<(typeof KINDS)[number], Set<string>> {
  const pipelines = Object.values(service.pipelines);
  return {
    extensions: new Set(service.extensions),
    receivers: new Set(pipelines.flatMap(({ receivers }) => receivers)),
    processors: new Set(pipelines.flatMap(({ processors = [] }) => processors)),
    exporters: new Set(pipelines.flatMap((pipeline) => pipeline.exporters)),
  };
}
