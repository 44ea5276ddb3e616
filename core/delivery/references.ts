import { intrinsicOf, isMap, type Value } from './template';

/** A place in a resource's properties that takes its value from elsewhere. */
export interface Reference {
  /** Where: `['VPCSecurityGroups', '0']`. An intrinsic function is one place, however much stands in it. */
  readonly path: readonly string[];
  readonly target:
    | { readonly kind: 'resource'; readonly logicalId: string; readonly attribute: string | undefined }
    | { readonly kind: 'import'; readonly exportName: string };
}

/** Every reference in a settled value. */
export function referencesIn(value: Value, path: readonly string[] = []): Reference[] {
  const intrinsic = intrinsicOf(value);
  if (intrinsic) return targetsOf(...intrinsic).map((target) => ({ path, target }));
  if (Array.isArray(value)) {
    return (value as readonly Value[]).flatMap((item, index) => referencesIn(item, [...path, String(index)]));
  }
  return isMap(value)
    ? Object.entries(value).flatMap(([key, part]) => referencesIn(part, [...path, key]))
    : [];
}

function targetsOf(name: string, argument: Value): Reference['target'][] {
  if (name === 'Ref' && typeof argument === 'string')
    return [{ kind: 'resource', logicalId: argument, attribute: undefined }];
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) {
    const [logicalId, attribute] = argument as readonly Value[];
    return [
      {
        kind: 'resource',
        logicalId: typeof logicalId === 'string' ? logicalId : '',
        attribute: typeof attribute === 'string' ? attribute : undefined,
      },
    ];
  }
  if (name === 'Fn::ImportValue' && typeof argument === 'string')
    return [{ kind: 'import', exportName: argument }];
  // References inside another function: a join, a choice, a selection.
  return referencesIn(argument).map(({ target }) => target);
}
