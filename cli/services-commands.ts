import type { Command } from 'commander';
import type { InEnvironment } from './secrets-commands';
import { servicesStatus } from './services';

/** `golive services` and what is under it. */
export function addServicesCommands(
  program: Command,
  inEnvironment: InEnvironment,
  { now }: { readonly now: () => Date },
): void {
  const services = program
    .command('services')
    .description('what runs on ECS, and whether it is what was deployed');
  services
    .command('status')
    .description(
      'tasks, version, image and last deployment of each service; fails when they are not in order',
    )
    .addHelpText(
      'after',
      `
It asks ECS, and not the tool that deployed: ECS takes back a deployment whose tasks do not start, or that sets off an
alarm, and goes on running the version before.

Exit code 0 only when every service runs what its stack deployed, in as many tasks as are wanted, and no deployment goes
on or was taken back; 4 for a warning, 5 when it is critical.`,
    )
    .action(() =>
      inEnvironment(
        (environment, output) => servicesStatus(environment, output, now),
        'run golive services status here: it needs no way to the database',
      ),
    );
}
