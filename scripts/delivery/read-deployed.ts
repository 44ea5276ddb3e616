import * as z from 'zod';
import type { DeployedEnvironment, DeployedStackRecord } from '../../core/delivery/deployed';
import { NotComparedError } from '../../core/delivery/errors';
import { type AwsCli, AwsCliError } from './aws-cli';

const Listed = z.object({
  StackSummaries: z.array(z.object({ StackName: z.string(), StackStatus: z.string() })).default([]),
});
const Described = z.object({
  Stacks: z.array(
    z.object({
      StackId: z.string(),
      StackStatus: z.string(),
      EnableTerminationProtection: z.boolean().default(false),
      Parameters: z
        .array(z.object({ ParameterKey: z.string(), ParameterValue: z.string().default('') }))
        .default([]),
    }),
  ),
});
const Got = z.object({ TemplateBody: z.unknown() });

/** What has no template: it is gone, or a first change of it was planned and never made. */
const NOT_THERE = ['DELETE_COMPLETE', 'REVIEW_IN_PROGRESS'];

export interface ReadDeployedOptions {
  readonly environment: string;
  readonly regions: readonly string[];
  readonly aws: AwsCli;
  readonly now: Date;
}

/**
 * Reads what is deployed of an environment: every stack of its name in its regions, those that the app has no more among
 * them.
 *
 * @throws NotComparedError when something could not be read: a part is not the whole
 */
export async function readDeployed(options: ReadDeployedOptions): Promise<DeployedEnvironment> {
  const { environment, regions, aws, now } = options;
  try {
    const perRegion = await Promise.all(regions.map((region) => readRegion(environment, region, aws)));
    return { v: 1, environment, readAt: now.toISOString(), stacks: perRegion.flat() };
  } catch (cause) {
    if (!(cause instanceof AwsCliError || cause instanceof z.ZodError)) throw cause;
    throw new NotComparedError(`what is deployed of ${environment} could not be read: ${cause.message}`, {
      cause,
    });
  }
}

async function readRegion(environment: string, region: string, aws: AwsCli): Promise<DeployedStackRecord[]> {
  const { StackSummaries } = Listed.parse(await aws(['cloudformation', 'list-stacks', '--region', region]));
  // Stacks are named after capabilities, `prod-Database`: so `dev-two-Network` is none of `dev`.
  const own = new RegExp(`^${environment}-[A-Z][A-Za-z0-9]*$`);
  const stacks: DeployedStackRecord[] = [];
  const there = StackSummaries.filter(({ StackStatus }) => !NOT_THERE.includes(StackStatus));
  for (const name of [...new Set(there.map(({ StackName }) => StackName))].sort()) {
    if (own.test(name)) stacks.push(...(await readStack(name, region, aws)));
  }
  return stacks;
}

async function readStack(name: string, region: string, aws: AwsCli): Promise<DeployedStackRecord[]> {
  const of = ['--stack-name', name, '--region', region];
  try {
    const { Stacks } = Described.parse(await aws(['cloudformation', 'describe-stacks', ...of]));
    const { TemplateBody } = Got.parse(
      // As it was sent: with transforms unprocessed, as the app's own template is.
      await aws(['cloudformation', 'get-template', ...of, '--template-stage', 'Original']),
    );
    return Stacks.map(({ StackId, StackStatus, EnableTerminationProtection, Parameters }) => ({
      name,
      account: StackId.split(':')[4] ?? '',
      region,
      status: StackStatus,
      terminationProtection: EnableTerminationProtection,
      parameters: Object.fromEntries(
        Parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
      ),
      template: TemplateBody,
    }));
  } catch (error) {
    // It was deleted between the two questions, or has never had a template.
    if (error instanceof AwsCliError && /does not exist/.test(error.said)) return [];
    throw error;
  }
}
