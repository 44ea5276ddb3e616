import { Option, type Command } from 'commander';
import { SEVERITIES } from '../core/alerting';
import { alarmsTest, type AlarmsTestOptions } from './alarms';
import type { InEnvironment } from './secrets-commands';

/** `golive alarms` and what is under it. */
export function addAlarmsCommands(
  program: Command,
  inEnvironment: InEnvironment,
  { signal }: { readonly signal: AbortSignal },
): void {
  const alarms = program.command('alarms').description('whether an alarm would reach somebody');
  alarms
    .command('test')
    .description('send a test alarm down every route of a severity, and follow it')
    .addOption(
      new Option('--severity <severity>', 'whose routes').choices([...SEVERITIES]).makeOptionMandatory(),
    )
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
It pages: whoever is on call is told, as by a real alarm. Tell them before.

The test alarm (golive-<environment>-<severity>-alerting-test) is set to ALARM, and after three minutes to OK. What was
counted on the way is read four minutes later, because metrics are late: EventBridge took it, PagerDuty answered 202, the
topic passed it on, nothing is in the dead-letter queue. Whether a phone rang cannot be seen from here: ask.

  golive alarms test --severity critical -e prod
  golive alarms test --severity warning --yes --json -e prod

Exit code 0 when it was seen to arrive by every route, and its end as well; 1 when it failed or was not seen; 3 when
nobody said yes. Ctrl-C stops the looking and not the test, so that no alarm stays on. The heartbeat does the same every
week by itself, and golive audit --action alarm. shows who did it by hand.`,
    )
    .action((options: AlarmsTestOptions) =>
      inEnvironment(
        (environment, output) => alarmsTest(environment, output, options, { signal }),
        'run golive alarms test here: it needs no way to the database',
      ),
    );
}
