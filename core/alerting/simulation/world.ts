import { type Alarms, type MetricAlarm, SimulationError } from './alarm';
import type { Series } from './aggregate';
import type { Figure } from './expression';
import { type Level, levelsOf, type PlatformFacts, runsOf } from './levels';
import { isNight, isTold, minutesIntoDeployment, runsIn, type Scenario, trouble } from './scenarios';
import type { World } from './simulate';

const REQUESTS = 'AWS/ApplicationELB RequestCount';
/** What the load balancer tells of itself. */
const OF_THE_EDGE = new Set([
  'AWS/ApplicationELB HTTPCode_ELB_5XX_Count',
  'AWS/ApplicationELB RejectedConnectionCount',
]);

const REQUESTS_A_MINUTE = { day: 6000, night: 3 };

/** One in so many minutes of a night has a request that fails or is slow. */
const UNLUCKY_EVERY = 10;
const UNLUCKY: Readonly<Record<string, number>> = {
  'AWS/ApplicationELB HTTPCode_Target_5XX_Count': 1,
  'AWS/ApplicationELB TargetResponseTime': 3,
};

/** What a job's failed run is: as bad as it gets, or bad enough. */
const FAILS_ABOVE = 0.95;

/**
 * What a platform tells CloudWatch in a scenario: a model, in which the figures are those of an ordinary product and not
 * measured ones. Each metric must be known, so that a new alarm says how its metric behaves.
 *
 * @throws SimulationError for a metric that is not known
 */
export function worldOf(wanted: Scenario, facts: PlatformFacts, { metricAlarms }: Alarms): World {
  const levels = levelsOf(facts);
  return (metric, alarm) => {
    const name = `${metric.namespace} ${metric.metricName}`;
    const scenario = wanted === 'edge' && !OF_THE_EDGE.has(name) ? 'night' : wanted;
    const told = (series: Series): Series => {
      return (minute) => (isTold(scenario, minute) ? series(minute) : undefined);
    };
    if (name === REQUESTS) return told((minute) => REQUESTS_A_MINUTE[isNight(minute) ? 'night' : 'day']);
    const level = levels[name];
    if (level) {
      const ofUnluckyRequest = UNLUCKY[name];
      return told(
        (minute) =>
          deployed(scenario, name, minute, facts) ??
          (isUnlucky(minute) ? ofUnluckyRequest : undefined) ??
          levelAt(level, scenario, minute),
      );
    }
    const run = runsOf(facts, alarm.threshold)[name];
    if (!run) {
      throw new SimulationError(
        `the alarm ${alarm.name} is on ${name}, which the simulation does not know: say in levels.ts how it behaves`,
      );
    }
    if (alarm.name.includes('deployment-failed')) return told((minute) => tookBack(scenario, minute));
    const hours = hoursBetweenRuns(alarm, metricAlarms);
    return told((minute) => runAt(run, scenario, minute, hours));
  };
}

function levelAt(level: Level, scenario: Scenario, minute: number): Figure {
  const { calm, worst, manner = calm === undefined ? 'sudden' : 'gradual' } = level;
  const isTooShort = (manner === 'stock' || manner === 'event') && isJump(scenario);
  const share = isTooShort ? 0 : trouble(scenario, minute);
  if ((manner !== 'gradual' && manner !== 'stock') || calm === undefined)
    return share > FAILS_ABOVE ? worst : calm;
  return calm + share * (worst - calm);
}

/** A single run fails where everything does; it is nothing that flaps. */
function runAt({ calm, worst }: Level, scenario: Scenario, minute: number, everyHours: number): Figure {
  if (!runsIn(minute, everyHours)) return undefined;
  return !isJump(scenario) && trouble(scenario, minute) > FAILS_ABOVE ? worst : calm;
}

/** What is over before a stock or a job has noticed. */
function isJump(scenario: Scenario): boolean {
  return scenario === 'flapping' || scenario === 'spike';
}

/** ECS says that it has taken a deployment back, in the minute in which it ends. */
function tookBack(scenario: Scenario, minute: number): Figure {
  const isUnderWay = minutesIntoDeployment(scenario, minute) !== undefined;
  const isOver = minutesIntoDeployment(scenario, minute + 1) === undefined;
  return scenario !== 'deployment' && isUnderWay && isOver ? 1 : undefined;
}

/** As often as its own alarm on silence expects; a day where it has none, and an hour for what the monitors tell. */
function hoursBetweenRuns(alarm: MetricAlarm, all: readonly MetricAlarm[]): number {
  if (alarm.metrics[0]?.namespace === 'GoLive' && alarm.periodSeconds === 3600) return 1;
  const label = /-(?:critical|warning|info)-(?:function-slow--)?(.+?)(?:-failing|-not-running)?$/.exec(
    alarm.name,
  )?.[1];
  const silence = all.find(({ name }) => name.endsWith(`-warning-${label}-not-running`));
  return silence ? silence.evaluationPeriods - 2 : 24;
}

/** A night has few requests, and one of them says nothing. */
function isUnlucky(minute: number): boolean {
  return minute % UNLUCKY_EVERY === 0 && isNight(minute);
}

/** What a roll-out changes, by the minutes that it has been under way. */
function deployed(scenario: Scenario, name: string, minute: number, { minTasks }: PlatformFacts): Figure {
  const into = minutesIntoDeployment(scenario, minute);
  if (into === undefined) return undefined;
  const between = (from: number, to: number, figure: number): Figure =>
    into >= from && into < to ? figure : undefined;
  const isTaken = scenario === 'stuck-deployment' && into >= 2;
  switch (name) {
    case 'ECS/ContainerInsights DeploymentCount':
      return 2;
    case 'ECS/ContainerInsights RunningTaskCount':
      return isTaken ? 0 : minTasks + (into >= 2 ? minTasks : 0);
    case 'AWS/ECS CPUUtilization':
      return between(1, 4, 97);
    case 'AWS/ApplicationELB UnHealthyHostCount':
      return isTaken ? minTasks : between(1, 3, 1);
    case 'AWS/ApplicationELB HealthyHostCount':
      return isTaken ? 0 : undefined;
    case 'AWS/ApplicationELB TargetResponseTime':
      return between(2, 4, 2);
    case 'AWS/ApplicationELB HTTPCode_Target_5XX_Count':
      if (isTaken) return 0.5 * REQUESTS_A_MINUTE.day;
      return scenario === 'bad-deployment'
        ? between(3, 9, 0.3 * REQUESTS_A_MINUTE.day)
        : between(4, 5, 0.08 * REQUESTS_A_MINUTE.day);
    case 'AWS/ApplicationELB HTTPCode_ELB_5XX_Count':
      return isTaken ? 0.5 * REQUESTS_A_MINUTE.day : between(4, 5, 3);
    case 'GoLive otelcol_exporter_send_failed_spans':
      return between(5, 6, 20);
    default:
      return undefined;
  }
}
