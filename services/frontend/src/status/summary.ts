import type { Status } from '../gateway/answers';

export type Tone = 'good' | 'busy' | 'warning' | 'bad' | 'quiet';

export interface Summary {
  readonly tone: Tone;
  /** The one thing that a person wants to know. */
  readonly title: string;
  readonly detail: string;
}

/** What the page says first. */
export function summaryOf({ database, cache }: Pick<Status, 'database' | 'cache'>): Summary {
  if (!database.ok) {
    return {
      tone: 'bad',
      title: 'The database does not answer',
      detail: 'Nothing can be read or changed until it does.',
    };
  }
  if (!cache.ok) {
    return {
      tone: 'warning',
      title: 'Working, without the cache',
      detail: 'Everything can be used. It is slower than usual.',
    };
  }
  return { tone: 'good', title: 'Everything works', detail: 'The database and the cache answer.' };
}

/** In the order in which a deployment goes through them. */
const STATES: ReadonlyMap<string, readonly [label: string, tone: Tone]> = new Map([
  ['queued', ['Queued', 'quiet']],
  ['building', ['Building', 'busy']],
  ['live', ['Live', 'good']],
  ['failed', ['Failed', 'bad']],
  ['rolled_back', ['Rolled back', 'warning']],
]);

export interface State {
  readonly name: string;
  readonly label: string;
  readonly tone: Tone;
}

/** A state's words and tone; one that is not known here is called by its name. */
export function stateOf(name: string): State {
  const [label, tone] = STATES.get(name) ?? [sentence(name.replaceAll('_', ' ')), 'quiet' as const];
  return { name, label, tone };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export interface StateCount extends State {
  readonly count: number;
  /** Where its part of the bar begins, and how long it is: shares of 100. */
  readonly from: number;
  readonly share: number;
}

/** How many deployments are in each state, in order, with their parts of a bar. What is not known comes last. */
export function stateCounts(byState: Readonly<Record<string, number>>): readonly StateCount[] {
  const names = [
    ...STATES.keys(),
    ...Object.keys(byState)
      .filter((name) => !STATES.has(name))
      .toSorted(),
  ];
  const total = Object.values(byState).reduce((sum, count) => sum + count, 0);
  let from = 0;
  return names.map((name) => {
    const count = byState[name] ?? 0;
    const share = total === 0 ? 0 : (count / total) * 100;
    const counted = { ...stateOf(name), count, from, share };
    from += share;
    return counted;
  });
}
