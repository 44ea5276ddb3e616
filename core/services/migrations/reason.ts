import { scrubText, scrubValue } from '../../observability/scrub';
import { jsonOrUndefined } from '../../shared/json';

export interface ReasonParts {
  /** What became of the task, in words. */
  readonly what: string;
  /** The end of its log, oldest first; or why it could not be read. */
  readonly log: readonly string[] | { readonly unreadable: string };
  readonly logGroupName: string;
  /** Undefined where no task was begun. */
  readonly logStreamName: string | undefined;
}

/** CloudFormation reads 4096 bytes in all, its own ids among them. */
const WHAT_BYTES = 600;
const LINE_BYTES = 1_000;
const LOG_BYTES = 1_800;

/** These stand in every line, or tell an operator nothing. */
const EVERYWHERE = new Set([
  'environment',
  'hostname',
  'level',
  'message',
  'pid',
  'service',
  'span_id',
  'time',
  'timestamp',
  'trace_id',
  'version',
  'xray_trace_id',
]);

/**
 * Why a deployment could not go on, for people and without secrets: what became of the task, what it said last, what it
 * said before, and what to do. The last line comes first, so that whoever shows the beginning alone shows that.
 */
export function migrationReason({ what, log, logGroupName, logStreamName }: ReasonParts): string {
  const where = logStreamName === undefined ? '' : ` (log group ${logGroupName}, stream ${logStreamName})`;
  return [
    `the database was not migrated: ${cut(printable(what), WHAT_BYTES)}.`,
    saidIn(log),
    `The services run on as they are: mend the cause and deploy again${where}; see docs/runbook.md#services-migrations-failing`,
  ].join(' ');
}

function saidIn(log: ReasonParts['log']): string {
  if ('unreadable' in log) return `Its log could not be read: ${cut(printable(log.unreadable), WHAT_BYTES)}.`;
  const [last, ...before] = newestFirst(log);
  if (last === undefined) return 'It said nothing.';
  return `It said last: ${last}${before.length > 0 ? ` | before that: ${before.join(' | ')}` : ''}.`;
}

/** As many lines as there is room for. */
function newestFirst(log: readonly string[]): string[] {
  const lines: string[] = [];
  let left = LOG_BYTES;
  for (const line of log.toReversed().flatMap((text) => readable(text) || [])) {
    const kept = cut(line, LINE_BYTES);
    left -= bytesOf(kept);
    if (left < 0) break;
    lines.push(kept);
  }
  return lines;
}

/** A line of JSON as words, any other as it is; empty for a metric. */
function readable(text: string): string {
  const record = jsonOrUndefined(text);
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return printable(text);
  if ('_aws' in record) return '';
  const { level, message, ...more } = scrubValue(record) as Record<string, unknown>;
  const said = typeof message === 'string' ? message : '';
  const details = Object.entries(more).flatMap(([name, value]) => {
    const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return EVERYWHERE.has(name) || !isScalar || said.includes(String(value)) ? [] : `${name}=${value}`;
  });
  const words = [
    typeof level === 'string' ? level : '',
    said,
    details.length > 0 ? `(${details.join(', ')})` : '',
  ];
  return printable(words.filter(Boolean).join(' '));
}

/** Scrubbed, on one line, without what steers a terminal. */
function printable(text: string): string {
  return scrubText(text)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

/** The beginning, in whole characters. */
function cut(text: string, most: number): string {
  if (bytesOf(text) <= most) return text;
  let kept = '';
  let left = most - bytesOf('…');
  for (const character of text) {
    left -= bytesOf(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/** As JSON carries it: a quotation mark is two. */
function bytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
