import { dataLossOf } from './data-loss';
import type { Finding } from './finding';
import { findReplacements, isCustom, type Replacement } from './replacement';
import type { ReplacementSpec } from './replacement-spec';
import { type ResourceChange, resourceChanges } from './resource-change';
import { wideningsOf } from './security';
import { show } from './show';
import type { StackPair } from './stack-pair';
import { STATEFUL_TYPES } from './stateful-types';

/** A resource that a deployment would touch. */
export interface TouchedResource {
  readonly change: ResourceChange;
  /** Where it stays in its template and is not the same one afterwards. */
  readonly replacement: Replacement | undefined;
}

/** What a deployment would do to one stack. */
export interface StackDiff {
  readonly name: string;
  readonly region: string;
  /** `left`: it is deployed and the app has it no more, so nothing touches it. */
  readonly state: 'new' | 'kept' | 'left';
  readonly touched: readonly TouchedResource[];
}

/** What a deployment would do to an environment. */
export interface EnvironmentDiff {
  readonly environment: string;
  readonly stacks: readonly StackDiff[];
  /** Data first, then what opens up, then what cannot be undone. */
  readonly findings: readonly Finding[];
  /** What a comparison of templates cannot tell here, each as a sentence. */
  readonly unknown: readonly string[];
}

/** Compares what is deployed of an environment with what the app wants of it. */
export function compareEnvironment(
  environment: string,
  stacks: readonly StackPair[],
  spec: ReplacementSpec,
): EnvironmentDiff {
  // `cdk deploy` does not touch a stack that left the app.
  const touchedStacks = stacks.filter(({ wanted }) => wanted);
  const changes = touchedStacks.flatMap(resourceChanges);
  const replacements = findReplacements(touchedStacks, changes, spec);
  const replaced = new Map(replacements.map((replacement) => [replacement.change, replacement]));
  return {
    environment,
    stacks: stacks.map((stack) => ({
      name: stack.name,
      region: stack.region,
      state: stack.wanted ? (stack.deployed ? 'kept' : 'new') : 'left',
      touched: changes
        .filter((change) => change.stack === stack.name)
        .map((change) => ({ change, replacement: replaced.get(change) }))
        .filter(isTouched),
    })),
    findings: [
      ...dataLossOf(environment, changes, replacements),
      ...stacks.flatMap((stack) => stackFindings(environment, stack, changes)),
      ...wideningsOf(environment, changes),
      ...oneWay(environment, changes),
    ],
    unknown: stacks.flatMap((stack) => unknownOf(stack, changes, spec)),
  };
}

function isTouched({ change, replacement }: TouchedResource): boolean {
  return change.action !== 'keep' || change.changes.length > 0 || replacement !== undefined;
}

function stackFindings(
  environment: string,
  { name, deployed, wanted }: StackPair,
  changes: readonly ResourceChange[],
): Finding[] {
  const finding = (
    kind: Finding['kind'],
    what: string,
    because: readonly string[],
    afterwards?: string,
  ): Finding => ({
    environment,
    stack: name,
    kind,
    logicalId: undefined,
    type: 'AWS::CloudFormation::Stack',
    path: undefined,
    what,
    because,
    afterwards,
  });
  if (!deployed) return [];
  if (wanted) {
    return deployed.terminationProtection && !wanted.terminationProtection
      ? [
          finding(
            'unprotects',
            'would no longer be protected from deletion: whoever deletes it deletes what it holds',
            [],
          ),
        ]
      : [];
  }
  const held = Object.entries(deployed.template.Resources).filter(([, { Type }]) => STATEFUL_TYPES.has(Type));
  const made = changes.filter(
    ({ action, type }) => action === 'add' && held.some(([, { Type }]) => Type === type),
  );
  return held.length === 0
    ? []
    : [
        finding(
          'leaves-behind',
          `is deployed and no longer in the app, with ${held.map(([id, { Type }]) => `${id} (${Type})`).join(', ')}`,
          made.map(
            ({ stack, logicalId, type }) =>
              `${stack} gets a new, empty ${type}, ${logicalId}: nothing is moved`,
          ),
          'it stays as it is, and nobody deploys, backs up or watches it any more',
        ),
      ];
}

/** A newer major version of an engine: the data stays, and there is no way back but a restore. */
function oneWay(environment: string, changes: readonly ResourceChange[]): Finding[] {
  return changes.flatMap(({ stack, logicalId, type, path, action, before, after }) => {
    const [was, is] = [before, after].map((resource) => resource?.properties['EngineVersion']);
    if (action !== 'keep' || !STATEFUL_TYPES.has(type) || was === undefined || is === undefined) return [];
    const [from, to] = [was, is].map((version) => show(version).split('.')[0]);
    return from === to
      ? []
      : [
          {
            kind: 'one-way' as const,
            environment,
            stack,
            logicalId,
            type,
            path,
            what: `would go from version ${show(was)} to ${show(is)}: only a restore leads back`,
            because: [],
            afterwards: undefined,
          },
        ];
  });
}

function unknownOf(
  { name, deployed, wanted }: StackPair,
  changes: readonly ResourceChange[],
  spec: ReplacementSpec,
): string[] {
  if (!wanted) return [];
  const own = changes.filter(({ stack }) => stack === name);
  const nested = own.filter(({ type }) => type === 'AWS::CloudFormation::Stack');
  const strange = own.filter(({ type, changes: differing, action }) => {
    const isTold = spec.types.has(type) || isCustom(type) || action === 'add';
    return !isTold && differing.length > 0;
  });
  const conditional = own.filter(({ action }) => action === 'may-remove');
  const ids = (resources: readonly ResourceChange[]) =>
    resources.map(({ logicalId }) => logicalId).join(', ');
  return [
    ...(nested.length > 0 ? [`${name}: what is in the nested stacks ${ids(nested)} was not compared.`] : []),
    ...(strange.length > 0
      ? [
          `${name}: whether ${ids(strange)} can be changed in place is not known; no specification has the type.`,
        ]
      : []),
    ...(conditional.length > 0
      ? [`${name}: whether ${ids(conditional)} stays depends on a condition that only the deployment knows.`]
      : []),
    ...(deployed && !/^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT|IMPORT_ROLLBACK)_COMPLETE$/.test(deployed.status)
      ? [`${name}: its state is ${deployed.status}, so that its template may not be what is there.`]
      : []),
  ];
}
