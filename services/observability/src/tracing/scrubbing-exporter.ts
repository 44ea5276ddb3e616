import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { isSensitiveName, REDACTED, scrubText } from '../../../../core/observability/scrub';

type SpanAttributes = ReadableSpan['attributes'];
type AttributeValue = SpanAttributes[string];

/** Queries hold what people searched for, and tokens. */
const DROPPED = new Set(['url.query', 'user_agent.original', 'client.address']);
/** Addresses with their query. */
const ADDRESSES = new Set(['url.full', 'http.url', 'http.target']);
/** What a library says of itself and of where it is: the same in every span, and nobody's. */
const HARMLESS =
  /^(?:http\.(?:request\.method|route)|url\.scheme|network\..+|server\..+|db\.(?:system\.name|namespace|operation\.name|postgresql\..+))$/;

/** Statements, routes and names come again and again; scrubbing them each time is most of what a span costs. */
const MEMORY_ENTRIES = 1_000;
const MEMORY_TEXT = 512;
const memory = new Map<string, string>();

/**
 * Stands before an exporter: no text leaves in a span that has not been scrubbed, whoever wrote it there. Libraries put
 * the messages of errors into spans, and PostgreSQL quotes the values that it refuses.
 */
export function scrubbing(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.map(scrubbedSpan), done),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

/** The span itself where there was nothing to take out. */
function scrubbedSpan(span: ReadableSpan): ReadableSpan {
  const name = scrubbedText(span.name);
  const attributes = scrubbedAttributes(span.attributes);
  const { message } = span.status;
  if (
    name === span.name &&
    attributes === span.attributes &&
    message === undefined &&
    span.events.length === 0 &&
    span.links.length === 0
  ) {
    return span;
  }
  return Object.create(span, {
    name: { value: name },
    attributes: { value: attributes },
    status: {
      value: message === undefined ? span.status : { ...span.status, message: scrubbedText(message) },
    },
    events: { value: span.events.map(withScrubbedAttributes) },
    links: { value: span.links.map(withScrubbedAttributes) },
  }) as ReadableSpan;
}

function withScrubbedAttributes<Part extends { readonly attributes?: SpanAttributes }>(part: Part): Part {
  return part.attributes === undefined ? part : { ...part, attributes: scrubbedAttributes(part.attributes) };
}

/** The attributes themselves where there was nothing to take out. */
function scrubbedAttributes(attributes: SpanAttributes): SpanAttributes {
  let changed: SpanAttributes | undefined;
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    const scrubbed = HARMLESS.test(name) ? value : scrubbedValue(name, value);
    if (scrubbed === value) continue;
    changed ??= { ...attributes };
    if (scrubbed === undefined) delete changed[name];
    else changed[name] = scrubbed;
  }
  return changed ?? attributes;
}

/** Undefined is left out. */
function scrubbedValue(name: string, value: AttributeValue): AttributeValue {
  if (DROPPED.has(name)) return undefined;
  if (isSensitiveName(name)) return REDACTED;
  if (typeof value === 'string') {
    return scrubbedText(ADDRESSES.has(name) ? value.replace(/\?.*$/s, '') : value);
  }
  if (!Array.isArray(value)) return value;
  return value.map((item: unknown) =>
    typeof item === 'string' ? scrubbedText(item) : item,
  ) as AttributeValue;
}

function scrubbedText(text: string): string {
  if (text.length > MEMORY_TEXT) return scrubText(text);
  const known = memory.get(text);
  if (known !== undefined) return known;
  const scrubbed = scrubText(text);
  if (memory.size >= MEMORY_ENTRIES) memory.clear();
  memory.set(text, scrubbed);
  return scrubbed;
}
