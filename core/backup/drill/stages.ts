import { GoLiveError, saidBy } from '../../shared/errors';
import { secondsOf } from './recovery-time';
import type { Failure, StageName, Verdict } from './record';

/** How one stage ended, without its time. */
export interface StageEnd {
  readonly outcome: Verdict;
  readonly detail: string;
}

interface Stage<Name> extends StageEnd {
  readonly name: Name;
  readonly seconds: number;
  readonly needed: boolean;
}

export type DrillProgress =
  | { readonly stage: StageName; readonly state: 'began' }
  | {
      readonly stage: StageName;
      readonly state: 'running';
      readonly done: number;
      readonly total: number;
      readonly unit: 'bytes' | 'entries';
    }
  | {
      readonly stage: StageName;
      readonly state: 'ended';
      readonly seconds: number;
      readonly outcome: Verdict;
    };

export type OnProgress = ((progress: DrillProgress) => void) | undefined;

/** Keeps what became of each stage of a part, in the order of the names, whatever was tried and in which order. */
export class Stages<Name extends StageName> {
  private readonly ended = new Map<Name, Stage<Name>>();

  constructor(
    private readonly names: readonly Name[],
    private readonly options: {
      /** Without one of which the part can pass. */
      readonly optional: readonly Name[];
      /** Takes secrets out of what is kept. */
      readonly scrub: (text: string) => string;
      /** Which errors are evidence against the backup. @default - none: something else was in the way */
      readonly speaksAgainst?: (error: unknown) => boolean;
      readonly onProgress?: OnProgress;
    },
  ) {}

  /**
   * Tries one stage and times it.
   *
   * @param milliseconds a clock; one that does not go backwards unless told
   * @throws what `attempt` throws, kept as `not-run` unless it speaks against the backup
   */
  async time<T>(
    name: Name,
    attempt: () => Promise<{ end: StageEnd; value: T }>,
    milliseconds: () => number = () => performance.now(),
  ): Promise<T> {
    this.options.onProgress?.({ stage: name, state: 'began' });
    const began = milliseconds();
    try {
      const { end, value } = await attempt();
      this.keep(name, end, milliseconds() - began);
      return value;
    } catch (error) {
      const outcome = this.options.speaksAgainst?.(error) ? 'failed' : 'not-run';
      this.keep(name, { outcome, detail: reasonOf(error) }, milliseconds() - began);
      throw error;
    }
  }

  keep(name: Name, { outcome, detail }: StageEnd, milliseconds: number): void {
    const { scrub, optional, onProgress } = this.options;
    const stage = {
      name,
      outcome,
      seconds: secondsOf(milliseconds),
      detail: scrub(detail) || outcome,
      needed: !optional.includes(name),
    };
    this.ended.set(name, stage);
    onProgress?.({ stage: name, state: 'ended', seconds: stage.seconds, outcome });
  }

  has(name: Name): boolean {
    return this.ended.has(name);
  }

  /** Of stages that all passed; null when one did not. */
  secondsOf(...names: readonly Name[]): number | null {
    const stages = names.map((name) => this.ended.get(name));
    if (!stages.every((stage) => stage?.outcome === 'passed')) return null;
    return secondsOf(stages.reduce((sum, stage) => sum + (stage?.seconds ?? 0) * 1000, 0));
  }

  /** Every stage in order; those that nobody tried say so. */
  all(): Stage<Name>[] {
    return this.names.map(
      (name) =>
        this.ended.get(name) ?? {
          name,
          outcome: 'not-run',
          seconds: 0,
          detail: 'nobody came to it',
          needed: !this.options.optional.includes(name),
        },
    );
  }

  /** What a person is told first: the first stage that keeps the part from passing. */
  firstFailure(): Failure | null {
    const needed = this.all().filter((stage) => stage.needed);
    const stage =
      needed.find(({ outcome }) => outcome === 'failed') ??
      needed.find(({ outcome }) => outcome === 'not-run');
    if (!stage) return null;
    return {
      code: stage.outcome === 'failed' ? 'DrillStageFailed' : 'DrillStageNotRun',
      message: `${stage.name}: ${stage.detail}`,
    };
  }
}

/** An error as a record keeps it. */
export function failureOf(error: unknown, scrub: (text: string) => string): Failure {
  const { code, name } = error as { code?: unknown; name?: unknown };
  const said = [code, name].find((one): one is string => typeof one === 'string' && one !== '');
  return { code: said ?? 'UnknownError', message: scrub(reasonOf(error)) || 'it said nothing' };
}

/** Ours already end in what to do. */
export function reasonOf(error: unknown): string {
  return error instanceof GoLiveError ? error.message : saidBy(error);
}
