import * as z from 'zod';
import { jsonOrUndefined } from '../shared/json';
import { UnreadableTemplateError } from './errors';
import type { StackPair, WantedStack } from './stack-pair';
import { parseTemplate } from './template';

/** What was read of an account, as it is handed from the job that may read it to those that may not. */
const Stack = z.strictObject({
  name: z.string(),
  account: z.string(),
  region: z.string(),
  /** CloudFormation's. */
  status: z.string(),
  terminationProtection: z.boolean(),
  parameters: z.record(z.string(), z.string()),
  /** As GetTemplate gives it: an object, or a text. */
  template: z.unknown(),
});

export const DeployedEnvironment = z.strictObject({
  v: z.literal(1),
  environment: z.string(),
  /** UTC. */
  readAt: z.string(),
  stacks: z.array(Stack),
});

export type DeployedEnvironment = z.output<typeof DeployedEnvironment>;
export type DeployedStackRecord = z.output<typeof Stack>;

/** A stack as the assembly has it. */
export interface AssemblyStack extends WantedStack {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** By which `cdk deploy` selects it: `prod/Database`. */
  readonly id: string;
}

/**
 * Puts what is deployed beside what the app wants: in the order of deployment, then those that the app has no more. A stack
 * of another account or region is another stack, whatever its name.
 *
 * @throws UnreadableTemplateError when a template is none, with a REVIEW_IN_PROGRESS stack counting as not there
 */
export function pairStacks(deployed: DeployedEnvironment, wanted: readonly AssemblyStack[]): StackPair[] {
  const there = new Map(
    deployed.stacks
      .filter(({ status }) => status !== 'REVIEW_IN_PROGRESS')
      .map((stack) => [keyOf(stack), stack]),
  );
  const known = new Set(wanted.map(keyOf));
  return [
    ...wanted.map(({ name, account, region, template, terminationProtection }) => ({
      name,
      account,
      region,
      wanted: { template, terminationProtection },
      deployed: deployedStack(there.get(keyOf({ name, account, region }))),
    })),
    ...[...there.values()]
      .filter((stack) => !known.has(keyOf(stack)))
      .map((stack) => ({
        name: stack.name,
        account: stack.account,
        region: stack.region,
        wanted: undefined,
        deployed: deployedStack(stack),
      })),
  ];
}

/** @throws UnreadableTemplateError */
export function readDeployedEnvironment(text: string): DeployedEnvironment {
  const read = DeployedEnvironment.safeParse(jsonOrUndefined(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UnreadableTemplateError(
    `what was read of the environment is not as expected: ${issue?.path.join('.')}: ${issue?.message}; read it again with npm run delivery:deployed`,
  );
}

function deployedStack(stack: DeployedStackRecord | undefined): StackPair['deployed'] {
  if (!stack) return undefined;
  const template = parseTemplate(stack.name, stack.template);
  const isHidden = (name: string) => String(template.Parameters[name]?.NoEcho) === 'true';
  return {
    template,
    terminationProtection: stack.terminationProtection,
    status: stack.status,
    parameters: Object.fromEntries(Object.entries(stack.parameters).filter(([name]) => !isHidden(name))),
  };
}

function keyOf({ account, region, name }: Pick<DeployedStackRecord, 'account' | 'region' | 'name'>): string {
  return `${account}/${region}/${name}`;
}
