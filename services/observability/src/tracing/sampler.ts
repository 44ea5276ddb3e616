import { SpanKind } from '@opentelemetry/api';
import {
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';

/**
 * Which traces are recorded: what the caller recorded, and of those that begin here this share, by their ids. A call of a
 * library that belongs to nothing, such as a cache's client that connects anew, begins none.
 */
export function traceSampler(ratio: number): Sampler {
  const share = new TraceIdRatioBasedSampler(ratio);
  return new ParentBasedSampler({
    root: {
      shouldSample: (context, traceId, _name, kind) =>
        kind === SpanKind.CLIENT
          ? { decision: SamplingDecision.NOT_RECORD }
          : share.shouldSample(context, traceId),
      toString: () => `service's own traces, ${share.toString()}`,
    },
  });
}
