import { notRun, reasonIn, type Outcome } from './outcome';
import { heightOf, RUNGS, type Rung, type RungName } from './record';

/** Where one of these does not pass, nothing above it is tried. The rungs above them stand side by side. */
const CARRYING: readonly RungName[] = ['bytes', 'readable', 'restores'];

/** Keeps what became of each rung, and refuses to climb where one below did not hold. */
export class Ladder {
  private readonly done = new Map<RungName, Rung>();

  constructor(
    private readonly options: {
      readonly now: () => Date;
      readonly signal?: AbortSignal | undefined;
      readonly onBegin: (rung: RungName) => void;
      readonly onEnd: (rung: Rung) => void;
    },
  ) {}

  /** Why this rung cannot be tried; undefined when it can. */
  obstacle(name: RungName): string | undefined {
    const below = CARRYING.slice(0, RUNGS.indexOf(name)).find((rung) => this.statusOf(rung) !== 'passed');
    if (!below) return undefined;
    return `because ${below} ${this.statusOf(below) === 'failed' ? 'failed' : 'was not run'}`;
  }

  /**
   * Tries one rung, once. What it throws says nothing of the backup.
   *
   * @throws the signal's reason, once it is aborted, and nothing else
   */
  async climb(name: RungName, attempt: () => Promise<Outcome> | Outcome): Promise<void> {
    const { now, signal, onBegin } = this.options;
    if (this.done.has(name)) return;
    signal?.throwIfAborted();
    const startedAt = now().toISOString();
    const obstacle = this.obstacle(name);
    if (obstacle !== undefined) return this.keep({ name, startedAt, durationMs: 0, ...notRun(obstacle) });

    onBegin(name);
    const began = performance.now();
    let outcome: Outcome;
    try {
      outcome = await attempt();
    } catch (error) {
      outcome = notRun(reasonIn(error));
    }
    // What was stopped half-way may look like anything.
    signal?.throwIfAborted();
    this.keep({ name, startedAt, durationMs: Math.round(performance.now() - began), ...outcome });
  }

  /** Adds to what is told of a rung that has ended. */
  remark(name: RungName, remark: string): void {
    const rung = this.done.get(name);
    if (rung) this.done.set(name, { ...rung, detail: shortened(`${rung.detail}; ${remark}`) });
  }

  /** Every rung in order; those that nobody tried say so. */
  end(): { rungs: Rung[]; height: RungName | null } {
    const rungs = RUNGS.map(
      (name): Rung =>
        this.done.get(name) ?? {
          name,
          startedAt: this.options.now().toISOString(),
          durationMs: 0,
          ...notRun(this.obstacle(name) ?? 'nobody tried it'),
        },
    );
    return { rungs, height: heightOf(rungs) };
  }

  private keep(rung: Rung): void {
    const kept = { ...rung, detail: shortened(rung.detail) };
    this.done.set(rung.name, kept);
    this.options.onEnd(kept);
  }

  private statusOf(name: RungName): Rung['status'] | undefined {
    return this.done.get(name)?.status;
  }
}

/** So that a record stays small, whatever a server has to say. */
const DETAIL_CHARACTERS = 4_000;

function shortened(detail: string): string {
  return detail.length <= DETAIL_CHARACTERS ? detail : `${detail.slice(0, DETAIL_CHARACTERS - 1)}…`;
}
