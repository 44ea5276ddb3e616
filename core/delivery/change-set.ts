import * as z from 'zod';
import { findingId, type Finding } from './finding';
import type { ReplacementSpec } from './replacement-spec';
import { PLACES, STATEFUL_TYPES } from './stateful-types';

const Detail = z.object({
  Target: z
    .object({
      Attribute: z.string().optional(),
      Name: z.string().optional(),
      RequiresRecreation: z.string().optional(),
    })
    .optional(),
  Evaluation: z.string().optional(),
  ChangeSource: z.string().optional(),
  CausingEntity: z.string().optional(),
});

const ResourceChange = z.object({
  Action: z.string(),
  LogicalResourceId: z.string(),
  ResourceType: z.string(),
  Replacement: z.string().optional(),
  PolicyAction: z.string().optional(),
  Details: z.array(Detail).default([]),
});

/** What DescribeChangeSet says. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html */
export const ChangeSet = z.object({
  Status: z.string(),
  StatusReason: z.string().nullish(),
  Changes: z.array(z.object({ ResourceChange: ResourceChange.optional() })).default([]),
});

export type ChangeSet = z.output<typeof ChangeSet>;
type PlannedChange = z.output<typeof ResourceChange>;
type Detail = z.output<typeof Detail>;

/** Whether CloudFormation planned nothing, which it calls a failure. */
export function isEmpty({ Status, StatusReason }: ChangeSet): boolean {
  return (
    Status === 'FAILED' && /didn't contain changes|No updates are to be performed/.test(StatusReason ?? '')
  );
}

/**
 * What a planned change would do to data, in CloudFormation's own opinion: the last look before it is done, and the only
 * one by somebody who knows what is there.
 */
export function plannedLosses(
  environment: string,
  stack: string,
  { Changes }: ChangeSet,
  spec: ReplacementSpec,
): Finding[] {
  const planned = Changes.flatMap(({ ResourceChange: change }) => change ?? []);
  const byId = new Map(planned.map((change) => [change.LogicalResourceId, change]));
  return planned
    .filter(({ ResourceType }) => STATEFUL_TYPES.has(ResourceType))
    .flatMap((change) => {
      const kind = lossOf(change, byId, spec);
      return kind === undefined
        ? []
        : [
            {
              kind,
              environment,
              stack,
              logicalId: change.LogicalResourceId,
              type: change.ResourceType,
              path: undefined,
              what: `is to be ${kind === 'deletes' ? 'removed' : 'replaced'}, says CloudFormation${kind === 'may-replace' ? ', if what it depends on changes' : ''}`,
              because: causesOf(change),
              afterwards: change.PolicyAction,
            },
          ];
    });
}

/** Those that nobody accepted, neither as they are nor as the comparison of templates foretold them. */
export function unacceptedLosses(
  planned: readonly Finding[],
  foretold: readonly Finding[],
  isAccepted: (id: string) => boolean,
): readonly Finding[] {
  return planned.filter((finding) => {
    if (isAccepted(findingId(finding))) return false;
    return !foretold.some(
      (other) =>
        other.stack === finding.stack &&
        other.logicalId === finding.logicalId &&
        isOfOneSort(other, finding) &&
        isAccepted(findingId(other)),
    );
  });
}

const REPLACES = ['replaces', 'may-replace'];
const DELETES = ['deletes', 'may-delete'];

function isOfOneSort(one: Finding, other: Finding): boolean {
  return [REPLACES, DELETES].some((sort) => sort.includes(one.kind) && sort.includes(other.kind));
}

function lossOf(
  change: PlannedChange,
  byId: ReadonlyMap<string, PlannedChange>,
  spec: ReplacementSpec,
): 'deletes' | 'replaces' | 'may-replace' | undefined {
  if (change.Action === 'Remove') return 'deletes';
  if (change.Replacement === 'True') return 'replaces';
  if (change.Replacement !== 'Conditional') return undefined;
  // Why it might be is told detail by detail; without one nothing explains it.
  const causes = change.Details.filter(({ Target }) => (Target?.RequiresRecreation ?? 'Never') !== 'Never');
  return causes.length > 0 && causes.every((detail) => staysTheSame(change, detail, byId, spec))
    ? undefined
    : 'may-replace';
}

/** A property that is changed in place, as the documentation says; or one that names something that stays what it is. */
function staysTheSame(
  { ResourceType }: PlannedChange,
  { Target, Evaluation, CausingEntity }: Detail,
  byId: ReadonlyMap<string, PlannedChange>,
  spec: ReplacementSpec,
): boolean {
  if (Target?.Attribute !== 'Properties' || Target.Name === undefined) return false;
  if (spec.verdictAt(ResourceType, [Target.Name]) === 'no') return true;
  if (Evaluation !== 'Dynamic' || CausingEntity === undefined) return false;
  const [logicalId = '', attribute] = CausingEntity.split('.');
  const cause = byId.get(logicalId);
  const isIdentity = attribute === undefined || /(Arn|Id|Name)$/.test(attribute);
  return cause?.Replacement === 'False' && isIdentity && !PLACES.has(cause.ResourceType);
}

function causesOf({ Details }: PlannedChange): string[] {
  return [
    ...new Set(
      Details.filter(({ Target }) => (Target?.RequiresRecreation ?? 'Never') !== 'Never').map(
        ({ Target, CausingEntity }) =>
          `${Target?.Name ?? Target?.Attribute ?? 'something'} needs it ${Target?.RequiresRecreation?.toLowerCase() ?? ''}${CausingEntity === undefined ? '' : `, because of ${CausingEntity}`}`,
      ),
    ),
  ].sort();
}
