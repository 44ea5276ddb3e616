import type { Alarms } from '../../core/alerting/simulation/alarm';
import type { PlatformFacts } from '../../core/alerting/simulation/levels';
import { type Scenario, SCENARIO_NAMES, SIMULATED_MINUTES } from '../../core/alerting/simulation/scenarios';
import { simulate, type Simulated } from '../../core/alerting/simulation/simulate';
import { worldOf } from '../../core/alerting/simulation/world';

/** What each alarm did in each scenario. */
export type ScenarioRuns = Readonly<Record<Scenario, readonly Simulated[]>>;

export function runScenarios(alarms: Alarms, facts: PlatformFacts): ScenarioRuns {
  return Object.fromEntries(
    SCENARIO_NAMES.map((scenario) => [
      scenario,
      simulate(alarms, worldOf(scenario, facts, alarms), SIMULATED_MINUTES),
    ]),
  ) as unknown as ScenarioRuns;
}
