import Table from 'cli-table3';
import {
  PathNotProvenError,
  PROOF_STATES,
  provePath,
  testAlarmName,
  type Hop,
  type PathProof,
  type Severity,
} from '../core/alerting';
import { proofInput } from '../core/alerting/proof';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';
import { StoppedError } from './errors';

export interface AlarmsTestOptions {
  readonly severity: Severity;
  readonly yes?: boolean;
}

const RUNBOOK = 'docs/runbook.md#alerting-path-unproven';

/**
 * `golive alarms test`: has a test alarm sound, lets it be over, and says what was seen of each hop on the way to people.
 *
 * @throws NoRouteError, NotConfirmedError, PathProofError, AlertingNotFoundError, StoppedError; PathNotProvenError when
 *   it was not seen to arrive by every route
 */
export async function alarmsTest(
  environment: Environment,
  output: Console,
  { severity, yes }: AlarmsTestOptions,
  { signal, pauseMs }: { readonly signal: AbortSignal; readonly pauseMs?: number },
): Promise<void> {
  const operations = await environment.alerting();
  proofInput(operations, severity); // there must be a route, before anybody is asked
  const alarmName = testAlarmName(operations.environment, severity);
  await requireYes(
    output,
    { ...(yes !== undefined && { yes }) },
    `Have ${alarmName} sound? Whoever is on call for ${operations.environment} is told, as by a real one.`,
  );
  const proof = await recorded(environment, output, 'alarm.test', alarmName, async (note) => {
    try {
      const made = await provePath({
        sfn: environment.sfn,
        operations,
        severity,
        signal,
        ...(pauseMs !== undefined && { pauseMs }),
        onState: (state) => output.progress(WORDS[state] ?? state),
      });
      note({ status: made.status });
      return made;
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new StoppedError(
        `stopped; the test goes on without us, and ${alarmName} is over in some minutes. golive alarms test shows the next one`,
        { cause: error },
      );
    }
  });
  output.result(forPeople(proof, output), proof);
  if (proof.status !== 'proven') throw notProven(proof);
}

const WORDS: Readonly<Record<string, string>> = {
  [PROOF_STATES.sound]: 'setting the test alarm to ALARM',
  [PROOF_STATES.sounding]: 'it sounds: three minutes to arrive',
  [PROOF_STATES.end]: 'setting it to OK',
  [PROOF_STATES.ending]: 'it is over: four minutes until the metrics tell',
  [PROOF_STATES.deadLetters]: 'counting what could not be delivered',
  [PROOF_STATES.read]: 'reading the metrics',
};

function notProven({ status, severity, routes }: PathProof): PathNotProvenError {
  const open = routes.filter((route) => route.status !== 'proven').map(({ channel }) => channel);
  return new PathNotProvenError(
    status === 'failed'
      ? `a ${severity} alarm does not reach everybody: ${open.join(', ')} failed; ${RUNBOOK}`
      : `it was not seen that a ${severity} alarm arrives by ${open.join(', ')}: metrics may be late, so try again, and then look at ${RUNBOOK}`,
  );
}

function forPeople(proof: PathProof, { colours }: Console): string {
  const colour: Readonly<Record<Hop['state'], (text: string) => string>> = {
    seen: colours.green,
    unseen: colours.yellow,
    failed: colours.red,
  };
  const table = new Table({ head: ['route', 'hop', 'result', 'detail'], style: { head: [], border: [] } });
  table.push(['all', `${proof.alarmName} was set`, colours.green('seen'), 'to ALARM, and back to OK']);
  for (const { channel, hops } of proof.routes) {
    for (const { name, state, detail } of hops) table.push([channel, name, colour[state](state), detail]);
  }
  return [
    table.toString(),
    `in the dead-letter queue: ${proof.deadLetters}`,
    ...proof.notSeenFromHere.map((what) => `cannot be seen from here: ${what}`),
    proof.status === 'proven'
      ? `the path of ${proof.severity} alarms of ${proof.environment} is proven, as far as it can be seen: ask who is on call`
      : `what to do:  ${RUNBOOK}`,
  ].join('\n');
}
