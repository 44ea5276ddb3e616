import Table from 'cli-table3';
import { inWords } from '../core/secrets/status/words';
import { servicesDeployed, short, type ServiceReport, type ServicesReport } from '../core/services';
import { counted } from '../core/shared/units';
import type { Console } from './console';
import type { Environment } from './environment';
import { UnhealthyError } from './errors';

const RUNBOOK = 'docs/runbook.md#a-deployment-did-not-arrive';

/**
 * `golive services status`: whether what the stack deployed is what runs. ECS takes a deployment back by itself, so this
 * asks ECS, and believes no deployment tool.
 *
 * @throws UnhealthyError when something is not in order; ServicesNotFoundError
 */
export async function servicesStatus(
  environment: Pick<Environment, 'services' | 'ecs'>,
  output: Console,
  now: () => Date,
): Promise<void> {
  const operations = await environment.services();
  output.progress('asking ECS what runs');
  const report = await servicesDeployed(environment.ecs, operations, now);
  output.result(forPeople(report, output), report);
  if (report.status !== 'ok') {
    const named = report.services
      .filter(({ status }) => status !== 'ok')
      .map(({ name, status }) => `${name} (${status})`);
    throw new UnhealthyError(
      report.status,
      `the services of ${report.environment} are not in order: ${named.join(', ')}`,
    );
  }
}

function forPeople({ environment, observedAt, services }: ServicesReport, { colours }: Console): string {
  const colour = { ok: colours.green, warning: colours.yellow, critical: colours.red };
  const table = new Table({
    head: ['service', 'result', 'tasks', 'deployed', 'runs', 'build', 'last deployment'],
    style: { head: [], border: [] },
  });
  for (const service of services) {
    const { name, status, tasks, deployedTaskDefinition, actualTaskDefinition, version } = service;
    table.push([
      name,
      colour[status](status),
      tasks ? `${tasks.running} of ${tasks.desired}` : '',
      short(deployedTaskDefinition),
      actualTaskDefinition === undefined ? '' : short(actualTaskDefinition),
      abbreviated(version),
      lastDeployment(service, observedAt),
    ]);
  }
  const open = services.flatMap(({ name, findings }) =>
    findings.map(({ status, detail }) => `${colour[status](status)}: ${name}: ${detail}`),
  );
  return [
    table.toString(),
    ...open,
    open.length === 0
      ? `what was deployed to ${environment} is what runs, in ${counted(services.length, 'service')}`
      : `what to do:  ${RUNBOOK}`,
  ].join('\n');
}

function lastDeployment({ lastDeployment: last }: ServiceReport, observedAt: string): string {
  if (!last) return 'none in 30 days';
  const ago = new Date(observedAt).getTime() - new Date(last.createdAt).getTime();
  return `${last.status.toLowerCase().replaceAll('_', ' ')}, ${inWords(ago)} ago`;
}

/** As people know hashes: a dozen digits tell them apart. */
function abbreviated(version: string): string {
  return version.replace(/[0-9a-f]{20,}/, (hash) => hash.slice(0, 12));
}
