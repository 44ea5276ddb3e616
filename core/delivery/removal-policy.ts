import type { SettledResource } from './resource-change';

/** What becomes of the old resource, strongest first. */
export type Fate = 'Retain' | 'Snapshot' | 'Delete';

const STRENGTH: Readonly<Record<Fate, number>> = { Retain: 2, Snapshot: 1, Delete: 0 };

/**
 * What a removal policy means where it says nothing: deletion, but for RDS, which then leaves a snapshot.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
 */
export function fateUnder(policy: string | undefined, resource: SettledResource): Fate {
  switch (policy) {
    case 'Retain':
    case 'RetainExceptOnCreate':
      return 'Retain';
    case 'Snapshot':
    case 'Delete':
      return policy;
    default: {
      const { type, properties } = resource;
      const isAlone = type === 'AWS::RDS::DBInstance' && properties['DBClusterIdentifier'] === undefined;
      return isAlone || type === 'AWS::RDS::DBCluster' ? 'Snapshot' : 'Delete';
    }
  }
}

/** Of a resource that leaves its template: as the template that is deployed says. */
export function fateOnRemoval(before: SettledResource): Fate {
  return fateUnder(before.deletionPolicy, before);
}

/** Of a resource that is replaced: the weaker of both templates, as the documentation does not say which one counts. */
export function fateOnReplacement(before: SettledResource, after: SettledResource): Fate {
  return weaker(fateUnder(before.updateReplacePolicy, before), fateUnder(after.updateReplacePolicy, after));
}

export function isWeaker(one: Fate, other: Fate): boolean {
  return STRENGTH[one] < STRENGTH[other];
}

function weaker(one: Fate, other: Fate): Fate {
  return isWeaker(one, other) ? one : other;
}
