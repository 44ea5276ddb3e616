import { GoLiveError } from '../../core/shared/errors';
import type { AssembledStack, TemplateResource } from './assembly';
import { conditionHolds, resolveValue, type Scope } from './intrinsics';
import { deploymentOrder } from './order';
import type { MadeResource, PlatformParts, Provider, ResourceReport } from './provider';
import { resolveSecretReference } from './providers/secrets';

/** The templates hold resource types that the local platform does not know. Nothing was deployed. */
export class RefusedResourcesError extends GoLiveError {
  readonly code = 'RefusedResourcesError';

  constructor(readonly refused: readonly ResourceReport[]) {
    super(
      `the local platform does not know ${refused.length} of the resources and deploys nothing:\n` +
        refused.map(({ type, path }) => `  ${type}  ${path}`).join('\n') +
        '\nteach it their types in local/cloudformation/providers',
    );
  }
}

/** A resource could not be made. */
export class DeploymentError extends GoLiveError {
  readonly code = 'DeploymentError';
}

/**
 * Deploys stacks as CloudFormation would: each after those it depends on, each resource after what it refers to,
 * and exports passed on. Every resource is in the report; an unknown type is refused before anything is made.
 *
 * @param exported what stacks exported that were deployed before; what these export is added
 * @throws RefusedResourcesError, DeploymentError
 */
export async function deployStacks(
  stacks: readonly AssembledStack[],
  providers: Readonly<Record<string, Provider>>,
  parts: PlatformParts,
  exported = new Map<string, string>(),
): Promise<ResourceReport[]> {
  refuseUnknown(stacks, providers);
  const reports: ResourceReport[] = [];
  for (const stack of stacks) reports.push(...(await deployStack(stack, providers, parts, exported)));
  return reports;
}

/** @throws RefusedResourcesError when a type is not known; then nothing of it need be begun */
export function refuseUnknown(
  stacks: readonly AssembledStack[],
  providers: Readonly<Record<string, Provider>>,
): void {
  const refused = stacks.flatMap(({ name, template }) =>
    Object.entries(template.Resources)
      .filter(([, { Type }]) => !Object.hasOwn(providers, Type))
      .map(([logicalId, resource]) =>
        report(name, logicalId, resource, 'refused', 'its type is not known to the local platform'),
      ),
  );
  if (refused.length > 0) throw new RefusedResourcesError(refused);
}

async function deployStack(
  stack: AssembledStack,
  providers: Readonly<Record<string, Provider>>,
  parts: PlatformParts,
  exported: Map<string, string>,
): Promise<ResourceReport[]> {
  const { name, template, assets, dockerfiles } = stack;
  const made = new Map<string, MadeResource>();
  const scope: Scope = {
    template,
    pseudo: {
      'AWS::AccountId': parts.account,
      'AWS::Region': parts.region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': name,
      'AWS::StackId': `arn:aws:cloudformation:${parts.region}:${parts.account}:stack/${name}/local`,
    },
    ref: (logicalId) => made.get(logicalId)?.ref,
    attribute: (logicalId, attribute) => made.get(logicalId)?.attributes?.[attribute],
    importValue: (exportName) => exported.get(exportName),
    dynamic: (body) => resolveSecretReference(parts.clients.secretsManager, body),
  };
  const reports: ResourceReport[] = [];
  for (const logicalId of deploymentOrder(template)) {
    const resource = template.Resources[logicalId];
    if (!resource || (resource.Condition && !(await conditionHolds(resource.Condition, scope)))) continue;
    const provider = providers[resource.Type] as Provider;
    const path = pathOf(logicalId, resource);
    try {
      const properties = (await resolveValue(resource.Properties, scope)) as Record<string, unknown>;
      const result = await provider.make(
        { stack: name, logicalId, path, type: resource.Type, properties, assets, dockerfiles },
        parts,
      );
      made.set(logicalId, result);
      const treatment = result.treatment ?? provider.treatment;
      reports.push(report(name, logicalId, resource, treatment, result.note ?? provider.note));
    } catch (error) {
      throw new DeploymentError(
        `${path} (${resource.Type}) could not be deployed: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
  for (const output of Object.values(template.Outputs)) {
    if (!output.Export || (output.Condition && !(await conditionHolds(output.Condition, scope)))) continue;
    const exportName = String(await resolveValue(output.Export.Name, scope));
    exported.set(exportName, String(await resolveValue(output.Value, scope)));
  }
  return reports;
}

function report(
  stack: string,
  logicalId: string,
  resource: TemplateResource,
  treatment: ResourceReport['treatment'],
  note: string,
): ResourceReport {
  return { stack, logicalId, path: pathOf(logicalId, resource), type: resource.Type, treatment, note };
}

/** The construct's path without the `/Resource` that CDK puts behind the L1 of an L2. */
function pathOf(logicalId: string, { Metadata }: TemplateResource): string {
  const path = Metadata['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/(Resource|Default)$/, '') : logicalId;
}
