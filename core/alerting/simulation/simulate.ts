import {
  type Alarms,
  type AskedMetric,
  type CompositeAlarm,
  type MetricAlarm,
  SimulationError,
} from './alarm';
import { aggregate, remembered, type Series } from './aggregate';
import { readRule, Suppression } from './composite';
import { type AlarmState, evaluate, evaluationRange } from './evaluate';
import { type Figure, readExpression } from './expression';

/** What everybody tells CloudWatch. */
export type World = (metric: AskedMetric, alarm: MetricAlarm) => Series;

/** From the first minute on and until the second, which is open where it has not ended. */
export interface Stretch {
  readonly from: number;
  readonly to: number | undefined;
}

export interface Simulated {
  readonly name: string;
  /** When it was in ALARM. */
  readonly alarms: readonly Stretch[];
  /** When somebody who is told of its state knew so. Another one where something kept it back. */
  readonly told: readonly Stretch[];
}

const DAY_MINUTES = 24 * 60;

/**
 * Runs alarms against a world, minute by minute from a state of OK: CloudWatch looks at an alarm each minute, and once an hour
 * where it looks back more than a day. Here it is each five minutes where a period is longer than one.
 *
 * @throws SimulationError for what it does not understand
 */
export function simulate(
  { metricAlarms, compositeAlarms }: Alarms,
  world: World,
  minutes: number,
): Simulated[] {
  const runs = metricAlarms.map((alarm) => [alarm.name, runOf(alarm, world)] as const);
  const composites = inOrder(compositeAlarms, new Set(runs.map(([name]) => name))).map((alarm) => ({
    ...alarm,
    holds: readRule(alarm.rule).holds,
    suppression: new Suppression(alarm.suppressor),
  }));
  const states = new Map<string, AlarmState>();
  const logs = new Map(
    [...runs.map(([name]) => name), ...composites.map(({ name }) => name)].map((name) => [
      name,
      new Log(name),
    ]),
  );
  const stateOf = (name: string) => states.get(name) ?? 'OK';
  for (let minute = 0; minute < minutes; minute++) {
    for (const [name, run] of runs) {
      const state = run(minute, stateOf(name));
      states.set(name, state);
      logs.get(name)?.note(minute, state === 'ALARM', state === 'ALARM');
    }
    for (const { name, holds, suppressor, suppression } of composites) {
      const state: AlarmState = holds(stateOf) ? 'ALARM' : 'OK';
      states.set(name, state);
      const tells = suppression.tells(minute, state, suppressor ? stateOf(suppressor.alarm) : 'OK');
      logs.get(name)?.note(minute, state === 'ALARM', tells);
    }
  }
  return [...logs.values()].map((log) => log.ended());
}

/** One alarm's state after a minute. */
function runOf(alarm: MetricAlarm, world: World): (minute: number, before: AlarmState) => AlarmState {
  const period = alarm.periodSeconds / 60;
  const metrics = new Map(
    alarm.metrics.map((metric) => [metric.id, aggregate(world(metric, alarm), metric, period)]),
  );
  const [only] = metrics.values();
  const figureAt: (minute: number) => Figure =
    alarm.expression === undefined
      ? (minute) => only?.(minute)
      : expressionAt(readExpression(alarm.expression, [...metrics.keys()]), metrics, alarm.name);
  const every = alarm.evaluationPeriods * period > DAY_MINUTES ? 60 : period > 1 ? 5 : 1;
  const range = evaluationRange(alarm);
  const figures = new Array<Figure>(range);
  return (minute, before) => {
    if (minute % every !== every - 1) return before;
    // Before the beginning all was as it is then: there is no figure yet, and nobody is told of that.
    if (minute < period * range) return before;
    for (let index = 0; index < range; index++) {
      figures[index] = figureAt(minute - (range - 1 - index) * period);
    }
    return evaluate(alarm, figures, before);
  };
}

function expressionAt(
  evaluateExpression: ReturnType<typeof readExpression>,
  metrics: ReadonlyMap<string, Series>,
  name: string,
): Series {
  return remembered((minute) =>
    evaluateExpression((id) => {
      const series = metrics.get(id);
      if (!series)
        throw new SimulationError(`the alarm ${name} reckons with "${id}", which is none of its metrics`);
      return series(minute);
    }),
  );
}

/** Children and suppressors before their parents. */
function inOrder(alarms: readonly CompositeAlarm[], known: Set<string>): CompositeAlarm[] {
  const ready = alarms.filter(({ rule, suppressor }) =>
    [...readRule(rule).children, ...(suppressor ? [suppressor.alarm] : [])].every((name) => known.has(name)),
  );
  if (alarms.length === 0) return [];
  if (ready.length === 0) {
    throw new SimulationError(
      `${alarms.map(({ name }) => name).join(', ')}: a child is no alarm that is known`,
    );
  }
  const rest = alarms.filter((alarm) => !ready.includes(alarm));
  return [...ready, ...inOrder(rest, new Set([...known, ...ready.map(({ name }) => name)]))];
}

/** Stretches, as they come. */
class Log {
  private readonly alarms: Stretch[] = [];
  private readonly told: Stretch[] = [];
  private alarmFrom: number | undefined;
  private toldFrom: number | undefined;

  constructor(private readonly name: string) {}

  note(minute: number, isAlarm: boolean, isTold: boolean): void {
    this.alarmFrom = continued(this.alarms, this.alarmFrom, minute, isAlarm);
    this.toldFrom = continued(this.told, this.toldFrom, minute, isTold);
  }

  ended(): Simulated {
    const open = (from: number | undefined): Stretch[] =>
      from === undefined ? [] : [{ from, to: undefined }];
    return {
      name: this.name,
      alarms: [...this.alarms, ...open(this.alarmFrom)],
      told: [...this.told, ...open(this.toldFrom)],
    };
  }
}

function continued(
  stretches: Stretch[],
  from: number | undefined,
  minute: number,
  is: boolean,
): number | undefined {
  if (is) return from ?? minute;
  if (from !== undefined) stretches.push({ from, to: minute });
  return undefined;
}
