import * as z from 'zod';

/** A span as it came over the wire, in people's units. */
export interface ReceivedSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Of the span that this one is part of; undefined for the first of a trace. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** Which service it happened in. */
  readonly service: string;
  /** When it began, milliseconds since 1970, UTC. */
  readonly startMs: number;
  /** How long it took, milliseconds. */
  readonly durationMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** What is said of the service: its version, its environment. */
  readonly resource: Readonly<Record<string, AttributeValue>>;
  readonly events: readonly SpanEvent[];
}

export interface SpanEvent {
  readonly name: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type AttributeValue = string | number | boolean | readonly AttributeValue[];

/** By their number in OTLP, where 0 is "unspecified". */
const KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
/** `STATUS_CODE_ERROR` */
const ERROR = 2;

/** 64-bit numbers travel as strings. */
const Nanoseconds = z.union([z.string().regex(/^\d+$/), z.number()]).transform(BigInt);

const AnyValue = z.looseObject({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.number().optional(),
  arrayValue: z.looseObject({ values: z.array(z.unknown()).default([]) }).optional(),
});

const Attributes = z.array(z.looseObject({ key: z.string(), value: AnyValue })).default([]);

const Span = z.looseObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number().default(0),
  startTimeUnixNano: Nanoseconds,
  endTimeUnixNano: Nanoseconds,
  attributes: Attributes,
  events: z.array(z.looseObject({ name: z.string(), attributes: Attributes })).default([]),
  status: z.looseObject({ code: z.number().default(0) }).optional(),
});

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
const ExportRequest = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes: Attributes }).optional(),
      scopeSpans: z.array(z.looseObject({ spans: z.array(Span).default([]) })).default([]),
    }),
  ),
});

/** The spans of an export request in OTLP's JSON; undefined when it is none. */
export function readSpans(body: unknown): readonly ReceivedSpan[] | undefined {
  const request = ExportRequest.safeParse(body);
  return request.data?.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const described = attributesOf(resource?.attributes ?? []);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => receivedSpan(span, described)));
  });
}

function receivedSpan(span: z.output<typeof Span>, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId === '' ? undefined : span.parentSpanId,
    name: span.name,
    kind: KINDS[span.kind] ?? 'internal',
    service: String(resource['service.name'] ?? 'unknown'),
    startMs: Number(span.startTimeUnixNano / 1_000n) / 1_000,
    durationMs: Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1_000_000,
    failed: span.status?.code === ERROR,
    attributes: attributesOf(span.attributes),
    resource,
    events: span.events.map(({ name, attributes }) => ({ name, attributes: attributesOf(attributes) })),
  };
}

function attributesOf(attributes: z.output<typeof Attributes>): Record<string, AttributeValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: z.output<typeof AnyValue>): AttributeValue {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (arrayValue !== undefined) return arrayValue.values.map((item) => valueOf(AnyValue.parse(item)));
  return stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? '' : Number(intValue));
}
