import type { WriteStream } from 'node:tty';
import type { Amount, Audience, StepReport } from './steps';
import type { Colours } from '../../core/shared/colours';
import { bytes, count, duration } from '../../core/shared/units';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const REDRAW_MS = 100;
const ERASE_LINE = '\r\x1b[K';

/** Shows each step in one line that lives while the step runs, and stays with its result. */
export class TerminalAudience implements Audience {
  private timer: NodeJS.Timeout | undefined;
  private heading = '';
  private doing = '';
  private amount: Amount | undefined;
  private began = 0;
  /** When the present work began, for its rate. */
  private workBegan = 0;
  private frame = 0;

  constructor(
    private readonly stream: WriteStream,
    private readonly colours: Colours,
  ) {}

  begins(number: number, of: number, title: string): void {
    this.heading = `${String(number).padStart(2)}/${of}  ${title}`;
    this.doing = '';
    this.amount = undefined;
    this.began = this.workBegan = performance.now();
    this.draw();
    this.timer = setInterval(() => this.draw(), REDRAW_MS);
  }

  progress = (doing: string, amount?: Amount): void => {
    if (doing !== this.doing) this.workBegan = performance.now();
    this.doing = doing;
    this.amount = amount;
  };

  ends(report: StepReport): void {
    this.stop();
    this.stream.write(ended(this.heading, report, this.colours));
  }

  /** Takes the living line away, such as at Ctrl-C. */
  stop(): void {
    clearInterval(this.timer);
    this.stream.write(ERASE_LINE);
  }

  private draw(): void {
    const elapsed = performance.now() - this.began;
    const told = [this.doing, amountOf(this.amount, performance.now() - this.workBegan), duration(elapsed)]
      .filter(Boolean)
      .join(' · ');
    const room = Math.max(20, this.stream.columns - this.heading.length - 6);
    const cut = told.length > room ? `${told.slice(0, room - 1)}…` : told;
    const frame = FRAMES[this.frame++ % FRAMES.length]!;
    this.stream.write(`${ERASE_LINE}${this.colours.cyan(frame)} ${this.heading}  ${this.colours.dim(cut)}`);
  }
}

const TELL_EVERY_MS = 2_000;

/** Plain lines, for a log or a pipe: the beginning of each step, now and then how far it is, and its result. */
export class PlainAudience implements Audience {
  private heading = '';
  private doing = '';
  private workBegan = 0;
  private toldAt = 0;

  constructor(
    private readonly write: (text: string) => void,
    private readonly colours: Colours,
  ) {}

  begins(number: number, of: number, title: string): void {
    this.heading = `${String(number).padStart(2)}/${of}  ${title}`;
    this.doing = '';
    this.workBegan = this.toldAt = performance.now();
    this.write(`  ${this.heading} …\n`);
  }

  progress = (doing: string, amount?: Amount): void => {
    const now = performance.now();
    if (doing !== this.doing) this.workBegan = now;
    this.doing = doing;
    if (now - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = now;
    this.write(`         ${[doing, amountOf(amount, now - this.workBegan)].filter(Boolean).join(' · ')}\n`);
  };

  ends(report: StepReport): void {
    this.write(ended(this.heading, report, this.colours));
  }
}

/** `41.2 of 68.3 MB (60 %) · 18.2 MB/s` */
function amountOf(amount: Amount | undefined, elapsedMs: number): string {
  if (!amount) return '';
  const { done, total, unit } = amount;
  const shown = (number: number) => (unit === 'bytes' ? bytes(number) : count(Math.round(number)));
  const share = total ? ` of ${shown(total)} (${Math.floor((100 * done) / total)} %)` : '';
  const name = unit === 'bytes' ? '' : ` ${unit}`;
  const rate =
    elapsedMs > 500 && done > 0 && unit === 'bytes' ? ` · ${shown(done / (elapsedMs / 1000))}/s` : '';
  return `${shown(done)}${share}${name}${rate}`;
}

const MARKS = { passed: '✔', failed: '✘', 'not run': '–' } as const;

function ended(heading: string, report: StepReport, colours: Colours): string {
  const { state, result, details, durationMs } = report;
  const paint = state === 'passed' ? colours.green : colours.red;
  return [
    `${paint(MARKS[state])} ${heading}  ${colours.dim(duration(durationMs))}`,
    `         ${state === 'passed' ? result : colours.red(result)}`,
    ...details.map((line) => colours.dim(`         ${line}`)),
    '',
  ].join('\n');
}
