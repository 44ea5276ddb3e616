import type { ReceivedSpan } from './otlp-spans';

/**
 * One trace as a tree for people: who called whom, when after the first span, and for how long. A span whose parent did
 * not come stands at the margin.
 *
 *     trace 0a1b…, 3 spans of 2 services, 41.2 ms
 *     frontend  GET /status                   +0.0 ms     41.2 ms
 *     └─ frontend  GET                        +3.1 ms     30.0 ms
 *        └─ gateway  GET /api/v1/projects     +4.0 ms     27.5 ms
 */
export function formatTrace(spans: readonly ReceivedSpan[]): string {
  const [first] = spans;
  if (first === undefined) return 'no spans\n';
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const inOrder = [...spans].sort((a, b) => a.startMs - b.startMs);
  const roots = inOrder.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId));
  const childrenOf = (parent: ReceivedSpan) =>
    inOrder.filter(({ parentSpanId, spanId }) => parentSpanId === parent.spanId && spanId !== parent.spanId);

  const lines = roots.flatMap((root) => tree(root, '', '', childrenOf));
  const beganMs = Math.min(...spans.map(({ startMs }) => startMs));
  const endedMs = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs));
  const services = new Set(spans.map(({ service }) => service)).size;
  const width = Math.max(...lines.map(({ label }) => label.length));

  const title =
    `trace ${first.traceId}, ${count(spans.length, 'span')} of ${count(services, 'service')}, ` +
    milliseconds(endedMs - beganMs);
  const body = lines.map(({ label, span }) => {
    const begin = `+${milliseconds(span.startMs - beganMs)}`.padStart(12);
    const duration = milliseconds(span.durationMs).padStart(12);
    return `${label.padEnd(width)}${begin}${duration}${span.failed ? '  failed' : ''}`;
  });
  return `${[title, ...body].join('\n')}\n`;
}

interface Line {
  readonly label: string;
  readonly span: ReceivedSpan;
}

function tree(
  span: ReceivedSpan,
  branch: string,
  margin: string,
  childrenOf: (parent: ReceivedSpan) => readonly ReceivedSpan[],
): readonly Line[] {
  const children = childrenOf(span);
  return [
    { label: `${branch}${span.service}  ${span.name}`, span },
    ...children.flatMap((child, index) => {
      const isLast = index === children.length - 1;
      return tree(
        child,
        `${margin}${isLast ? '└─ ' : '├─ '}`,
        `${margin}${isLast ? '   ' : '│  '}`,
        childrenOf,
      );
    }),
  ];
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
