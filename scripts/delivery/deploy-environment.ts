import { unacceptedOf } from '../../core/delivery/acceptance';
import { ChangeSet, isEmpty, plannedLosses, unacceptedLosses } from '../../core/delivery/change-set';
import { compareEnvironment } from '../../core/delivery/compare-environment';
import { type AssemblyStack, type DeployedEnvironment, pairStacks } from '../../core/delivery/deployed';
import { DataLossError } from '../../core/delivery/errors';
import { findingId, type Finding } from '../../core/delivery/finding';
import { scrub } from '../../core/delivery/redact';
import type { ReplacementSpec } from '../../core/delivery/replacement-spec';
import type { AwsCli } from './aws-cli';
import type { CdkCli } from './cdk-cli';

export interface DeployOptions {
  readonly environment: string;
  /** The synthesised assembly's folder: it is deployed as it is, and nothing is synthesised again. */
  readonly assembly: string;
  /** In the order in which they are deployed. */
  readonly stacks: readonly AssemblyStack[];
  readonly deployed: DeployedEnvironment;
  readonly spec: ReplacementSpec;
  /** Whether somebody accepted a finding, by its id. */
  readonly isAccepted: (findingId: string) => boolean;
  readonly cdk: CdkCli;
  readonly aws: AwsCli;
  readonly log: (line: string) => void;
}

/** One name for all runs: a plan that was refused makes way for the next. */
export const CHANGE_SET = 'golive-delivery';

/**
 * Deploys an environment stack by stack. Before the first it compares all of them; before each it has CloudFormation plan the
 * change, reads the plan, and has exactly that plan carried out. Either look stops at data that nobody agreed to lose.
 *
 * Always by change set: never `--method=direct`, nor Express mode, which does not roll back a failed update.
 *
 * @throws DataLossError, CdkError, AwsCliError
 */
export async function deployEnvironment(options: DeployOptions): Promise<void> {
  const { environment, stacks, deployed, spec, isAccepted, log } = options;
  const { findings } = compareEnvironment(environment, pairStacks(deployed, stacks), spec);
  refuse(unacceptedOf(findings, isAccepted), `${environment} is not deployed`);
  for (const [index, stack] of stacks.entries()) {
    log(`${stack.id} (${index + 1} of ${stacks.length})`);
    await deployStack(stack, findings, options);
  }
}

async function deployStack(
  stack: AssemblyStack,
  foretold: readonly Finding[],
  { environment, assembly, spec, isAccepted, cdk, aws, log }: DeployOptions,
): Promise<void> {
  const deploy = (method: 'prepare-change-set' | 'execute-change-set') =>
    cdk([
      'deploy',
      stack.id,
      '--exclusively',
      '--app',
      assembly,
      '--method',
      method,
      '--change-set-name',
      CHANGE_SET,
      // The approval is the GitHub environment's.
      '--require-approval',
      'never',
      '--progress',
      'events',
    ]);
  await deploy('prepare-change-set');
  const changeSet = ChangeSet.parse(
    await aws([
      'cloudformation',
      'describe-change-set',
      '--stack-name',
      stack.name,
      '--change-set-name',
      CHANGE_SET,
      '--region',
      stack.region,
    ]),
  );
  if (isEmpty(changeSet)) {
    log(`${stack.id}: no change`);
    return;
  }
  const planned = plannedLosses(environment, stack.name, changeSet, spec);
  refuse(
    unacceptedLosses(planned, foretold, isAccepted),
    `${stack.id} is not deployed, nor what comes after it; what came before it is`,
  );
  await deploy('execute-change-set');
}

function refuse(losses: readonly Finding[], consequence: string): void {
  if (losses.length === 0) return;
  const lines = losses.map(
    (finding) =>
      `  ${findingId(finding)}  ${finding.stack}${finding.logicalId === undefined ? '' : `/${finding.logicalId}`} (${finding.type}) ${scrub(finding.what)}`,
  );
  const ids = losses.map(findingId).join(',');
  throw new DataLossError(
    `${consequence}: it would lose data that nobody accepted.\n${lines.join('\n')}\n` +
      `If it may go, run this workflow by hand with "accept" set to ${ids}; docs/delivery.md says how data moves instead`,
  );
}
