import { SpanKind } from '@opentelemetry/api';
import {
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';

/**
 * Which traces are recorded: what the caller recorded, and of those that begin here this share, by their ids. A call of a
 * library that belongs to nothing, such as a cache's client that connects anew, begins none. A request's span is only begun
 * once it is known that it will be recorded (`server-span.ts`).
 */
export function traceSampler(ratio: number): Sampler {
  const share = new TraceIdRatioBasedSampler(ratio);
  return new ParentBasedSampler({
    root: {
      shouldSample: (context, traceId, _name, kind) => {
        if (kind === SpanKind.CLIENT) return { decision: SamplingDecision.NOT_RECORD };
        if (kind === SpanKind.SERVER) return { decision: SamplingDecision.RECORD_AND_SAMPLED };
        return share.shouldSample(context, traceId);
      },
      toString: () => `service's own traces, ${share.toString()}`,
    },
  });
}
