import { isComplete, tracesOf, tracesWithin } from '../../../local/demo/request-trace';
import type { ReceivedSpan } from '../../../local/span-sink';

const WINDOW = { began: 1_000, ended: 2_000 };

function span(spanId: string, change: Partial<ReceivedSpan> = {}): ReceivedSpan {
  return {
    traceId: 'ours',
    spanId,
    parentSpanId: undefined,
    name: spanId,
    kind: 'server',
    service: 'frontend',
    startMs: 1_500,
    durationMs: 1,
    failed: false,
    attributes: {},
    resource: {},
    events: [],
    ...change,
  };
}

const ROOT = span('root');
const CALL = span('call', { parentSpanId: 'root', kind: 'client' });
const SERVED = span('served', { parentSpanId: 'call', service: 'gateway' });

describe('the traces of one request', () => {
  test('an earlier request’s spans that arrive late are not its own', () => {
    const late = span('late', { traceId: 'earlier', startMs: 900 });
    const rest = span('rest', { traceId: 'earlier', startMs: 1_200, parentSpanId: 'late' });
    expect(tracesWithin([ROOT, rest, late], WINDOW)).toEqual([[ROOT]]);
  });

  test('neither are those of a later one, nor looks at health', () => {
    const later = span('later', { traceId: 'later', startMs: 2_001 });
    const health = span('health', { traceId: 'health', attributes: { 'url.path': '/health/ready' } });
    const asked = span('asked', { traceId: 'health', parentSpanId: 'health', kind: 'client' });
    expect(tracesWithin([later, asked, health, ROOT], WINDOW)).toEqual([[ROOT]]);
  });

  test('a trace that the gateway begins by itself is a second one: the context was lost on the way', () => {
    const lost = span('lost', { traceId: 'lost', service: 'gateway' });
    expect(tracesWithin([ROOT, CALL, lost], WINDOW)).toHaveLength(2);
  });

  test.each([
    ['without its root', [CALL, SERVED]],
    ['with a span whose parent has not come', [ROOT, SERVED]],
    ['before what the gateway did has come', [ROOT, CALL]],
  ])('one is not complete %s', (_, trace) => {
    expect(isComplete(trace)).toBe(false);
  });

  test('one is complete when all has come, in whatever order', () => {
    expect(isComplete([SERVED, CALL, ROOT])).toBe(true);
  });

  test('it is waited for until all of it has come', async () => {
    const arrived: ReceivedSpan[] = [];
    let look: () => boolean = () => false;
    const sink = {
      spans: () => arrived,
      waitFor: (predicate: (trace: readonly ReceivedSpan[]) => boolean) =>
        new Promise<readonly ReceivedSpan[]>((resolve) => {
          look = () => {
            if (!predicate([])) return false;
            resolve([]);
            return true;
          };
        }),
    };
    const traces = tracesOf(sink, () => {
      arrived.push({ ...ROOT, startMs: Date.now() }, { ...CALL, startMs: Date.now() });
      return Promise.resolve();
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(look()).toBe(false);
    arrived.push({ ...SERVED, startMs: arrived[0]!.startMs });
    expect(look()).toBe(true);
    expect((await traces).map((trace) => trace.map(({ spanId }) => spanId))).toEqual([
      ['root', 'call', 'served'],
    ]);
  });
});
