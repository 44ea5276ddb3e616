import { logSink, type AuditSink } from '../core/audit';
import { coloursFor, type Colours } from '../core/shared/colours';
import { bytes, count, duration } from '../core/shared/units';

/** What a command may use of the process. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly env: NodeJS.ProcessEnv;
}

export interface Amount {
  readonly done: number;
  /** Absent: nobody knows. */
  readonly total?: number;
  readonly unit: 'bytes' | 'entries';
}

const REDRAW_MS = 100;
const ERASE_LINE = '\r\x1b[K';

/**
 * How a command speaks: results to stdout, so that they can be piped, all else to stderr. A line that moves is for
 * a terminal; a log file gets one line for each stage.
 */
export class Console {
  readonly colours: Colours;
  private stage = '';
  private stageBegan = 0;
  private drawn = 0;

  constructor(
    private readonly streams: Streams,
    readonly json: boolean,
  ) {
    this.colours = coloursFor(streams.stdout, streams.env);
  }

  /** Whether somebody is there to be asked. */
  get isInteractive(): boolean {
    return this.streams.stdin.isTTY && this.streams.stderr.isTTY && !this.json;
  }

  /** The command's result: `text` for people, or `data` for machines with --json. */
  result(text: string, data: unknown): void {
    this.clear();
    this.streams.stdout.write(this.json ? `${JSON.stringify(data, undefined, 2)}\n` : `${text}\n`);
  }

  say(text: string): void {
    this.clear();
    this.streams.stderr.write(`${text}\n`);
  }

  /** In a task, what is written here is on a log group, which keeps records beside the vault. */
  auditSinks(): AuditSink[] {
    if (!this.streams.env['GOLIVE_TASK']) return [];
    return [
      logSink((message, fields) => this.streams.stdout.write(`${JSON.stringify({ message, ...fields })}\n`)),
    ];
  }

  /** A line that another process of ours said: it goes where that one would have written it. */
  pass(line: string): void {
    this.clear();
    this.streams.stdout.write(line.endsWith('\n') ? line : `${line}\n`);
  }

  /** @param detail what changes while the stage lasts, such as the time that has passed */
  progress(stage: string, amount?: Amount, detail?: string): void {
    const now = performance.now();
    const isNew = stage !== this.stage;
    if (isNew) [this.stage, this.stageBegan] = [stage, now];
    if (!this.streams.stderr.isTTY) {
      // In a task's log both streams are one, and whoever wants JSON reads no stages there.
      if (isNew && !(this.json && this.streams.env['GOLIVE_TASK'])) {
        this.streams.stderr.write(`${stage} …${detail === undefined ? '' : `  ${detail}`}
`);
      }
      return;
    }
    if (!isNew && now - this.drawn < REDRAW_MS) return;
    this.drawn = now;
    this.streams.stderr.write(
      `${ERASE_LINE}${stage}${amount ? `  ${described(amount, now - this.stageBegan)}` : ' …'}${detail === undefined ? '' : `  ${detail}`}`,
    );
  }

  private clear(): void {
    if (this.streams.stderr.isTTY && this.stage !== '') this.streams.stderr.write(ERASE_LINE);
    this.stage = '';
  }
}

/** `12.3 MB of 68.3 MB (18 %), 31.9 MB/s, 2 s left` */
export function described({ done, total, unit }: Amount, elapsedMs: number): string {
  const shown = (amount: number) =>
    unit === 'bytes' ? bytes(Math.round(amount)) : `${count(Math.round(amount))}`;
  const noun = unit === 'entries' ? ' entries' : '';
  const share = total ? Math.min(100, Math.floor((100 * done) / total)) : 0;
  const start =
    total === undefined ? `${shown(done)}${noun}` : `${shown(done)} of ${shown(total)}${noun} (${share} %)`;
  // A rate from less than a second says nothing.
  if (elapsedMs < 1000 || done === 0) return start;
  const perMs = done / elapsedMs;
  const rate = `${start}, ${shown(perMs * 1000)}/s`;
  return total === undefined ? rate : `${rate}, ${duration(Math.max(0, total - done) / perMs)} left`;
}
