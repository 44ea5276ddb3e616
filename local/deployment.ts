import { DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import type { AssembledStack } from './cloudformation/assembly';
import { deployStacks, refuseUnknown } from './cloudformation/deploy';
import type { PlatformParts, ResourceReport } from './cloudformation/provider';
import { PROVIDERS } from './cloudformation/providers';
import type { LocalRule } from './local-platform';

/** Its resources are those that people use; it is deployed last, for what the services read must be there. */
const SERVICES = /-Services$/;

/** An environment's stacks and what has become of them. */
export class Deployment {
  /** Of what is deployed by now. */
  readonly resources: ResourceReport[] = [];
  readonly rules: LocalRule[] = [];
  private readonly exported = new Map<string, string>();
  private servicesDeployed: Promise<void> | undefined;

  /** @throws RefusedResourcesError before anything is made */
  constructor(
    private readonly stacks: readonly AssembledStack[],
    private readonly parts: PlatformParts,
  ) {
    refuseUnknown(stacks, PROVIDERS);
  }

  /** Deploys every stack but that of the services. @throws DeploymentError */
  async deployFoundations(): Promise<void> {
    await this.deploy(this.stacks.filter(({ name }) => !SERVICES.test(name)));
  }

  /** Once. @throws DeploymentError */
  deployServices(): Promise<void> {
    this.servicesDeployed ??= this.deploy(this.stacks.filter(({ name }) => SERVICES.test(name)));
    return this.servicesDeployed;
  }

  private async deploy(stacks: readonly AssembledStack[]): Promise<void> {
    const { parts, exported } = this;
    parts.progress(`deploying ${stacks.map(({ name }) => name).join(', ')}`);
    this.resources.push(...(await deployStacks(stacks, PROVIDERS, parts, exported)));
    const known = new Set(this.rules.map(({ path }) => path));
    const added = [...parts.rules].filter(([path]) => !known.has(path));
    this.rules.push(...(await Promise.all(added.map(([path, name]) => describeRule(parts, path, name)))));
  }
}

async function describeRule(
  { clients: { eventBridge } }: PlatformParts,
  path: string,
  name: string,
): Promise<LocalRule> {
  const { ScheduleExpression } = await eventBridge.send(new DescribeRuleCommand({ Name: name }));
  const { Targets = [] } = await eventBridge.send(new ListTargetsByRuleCommand({ Rule: name }));
  return { path, name, schedule: ScheduleExpression, targets: Targets.map(({ Arn }) => Arn ?? '') };
}
