import type { Alarms } from '../../../core/alerting/simulation/alarm';
import { type AlarmTemplate, readAlarms } from '../../../core/alerting/simulation/read-alarms';
import type { EnvironmentName } from '../../../lib/config';
import { platformFacts } from '../../../scripts/alarms/platform-facts';
import { runScenarios, type ScenarioRuns } from '../../../scripts/alarms/run-scenarios';
import { oncePerRun } from '../../support/once-per-run';
import { configOf, templatesOf } from './synthesis';

/** All alarms of an environment, as they are synthesised. */
export function alarmsOf(environment: EnvironmentName): Alarms {
  const templates = Object.values(templatesOf(environment)).flatMap((template) =>
    template === undefined ? [] : [template.toJSON() as AlarmTemplate],
  );
  return readAlarms(templates);
}

/** What they do in each scenario: simulated once per run of the tests. */
export function scenariosOf(environment: EnvironmentName): ScenarioRuns {
  const alarms = alarmsOf(environment);
  const facts = platformFacts(configOf(environment));
  return oncePerRun(['scenarios', alarms, facts], () => runScenarios(alarms, facts));
}
