/** What a step tells when it is done. */
export interface Outcome<T = unknown> {
  /** One line for people. */
  readonly result: string;
  /** More lines, shown under it. */
  readonly details?: readonly string[];
  readonly rows?: number;
  readonly bytes?: number;
  /** What later steps need of it. */
  readonly value: T;
}

export type StepState = 'passed' | 'failed' | 'not run';

/** One line of the summary, and of what `--json` prints. */
export interface StepReport {
  readonly id: string;
  readonly title: string;
  /** A step that could not run has not passed. */
  readonly state: StepState;
  readonly result: string;
  readonly details: readonly string[];
  readonly rows: number | undefined;
  readonly bytes: number | undefined;
  readonly durationMs: number;
}

/** Tells how far a step is: what it does now and, where known, how much of how much. */
export type Progress = (doing: string, done?: Amount) => void;

export interface Amount {
  readonly done: number;
  readonly total?: number;
  readonly unit: 'rows' | 'bytes' | 'entries';
}

/** Sees the steps as they come. */
export interface Audience {
  begins(number: number, of: number, title: string): void;
  progress: Progress;
  ends(report: StepReport): void;
}

/** The steps that depend on a failed one are not run. */
export class StepFailed extends Error {
  constructor(readonly report: StepReport) {
    super(report.result);
  }
}

/** Runs the planned steps one after another and remembers how each went. */
export class Steps<Id extends string> {
  private readonly reports = new Map<Id, StepReport>();

  constructor(
    private readonly plan: Readonly<Record<Id, string>>,
    private readonly audience: Audience,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws StepFailed, so that nothing that needs this step is tried */
  async run<T>(id: Id, work: (progress: Progress) => Promise<Outcome<T>>): Promise<T> {
    this.signal.throwIfAborted();
    const title = this.plan[id];
    const ids = Object.keys(this.plan);
    this.audience.begins(ids.indexOf(id) + 1, ids.length, title);
    const began = performance.now();
    const report = (state: StepState, told: Omit<Outcome, 'value'>): StepReport => {
      const made: StepReport = {
        id,
        title,
        state,
        result: told.result,
        details: told.details ?? [],
        rows: told.rows,
        bytes: told.bytes,
        durationMs: performance.now() - began,
      };
      this.reports.set(id, made);
      this.audience.ends(made);
      return made;
    };
    try {
      const outcome = await work((doing, amount) => this.audience.progress(doing, amount));
      report('passed', outcome);
      return outcome.value;
    } catch (error) {
      this.signal.throwIfAborted();
      throw new StepFailed(report('failed', described(error)));
    }
  }

  /** As {@link run}, for a step that nothing depends on: its failure is reported, and the next one runs. */
  async attempt(id: Id, work: (progress: Progress) => Promise<Outcome>): Promise<void> {
    await this.run(id, work).catch((error: unknown) => {
      if (!(error instanceof StepFailed)) throw error;
    });
  }

  /** Every planned step, in the plan's order. */
  summary(): StepReport[] {
    return (Object.entries(this.plan) as [Id, string][]).map(
      ([id, title]): StepReport =>
        this.reports.get(id) ?? {
          id,
          title,
          state: 'not run',
          result: 'an earlier step failed',
          details: [],
          rows: undefined,
          bytes: undefined,
          durationMs: 0,
        },
    );
  }
}

/** The demo found what should not be: the message says what, the details where. */
export class Unexpected extends Error {
  constructor(
    message: string,
    readonly details: readonly string[] = [],
  ) {
    super(message);
  }
}

function described(error: unknown): { result: string; details: readonly string[] } {
  if (error instanceof Unexpected) return { result: error.message, details: error.details };
  if (!(error instanceof Error)) return { result: String(error), details: [] };
  const name = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { result: `${name}: ${error.message}`, details: [] };
}
