import type { Truth } from './conditions';
import { isSame, resolverOf } from './resolve';
import type { StackPair } from './stack-pair';
import { constructPath, intrinsicOf, isMap, type Template, type Value, type ValueMap } from './template';

/** A resource with every value settled that can be. */
export interface SettledResource {
  readonly type: string;
  readonly properties: ValueMap;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
  /** The construct's, such as `prod/Database/Postgres/Instance`. */
  readonly path: string | undefined;
}

/** One value that differs. */
export interface PropertyChange {
  /** Below `Properties`: `VersioningConfiguration.Status`. */
  readonly path: string;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** `may-remove`: it depends on a condition that only the deployment knows. */
export type Action = 'add' | 'remove' | 'may-remove' | 'keep';

/** What becomes of a resource by its own template; whether it is replaced is another question. */
export interface ResourceChange {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly path: string | undefined;
  readonly action: Action;
  readonly before: SettledResource | undefined;
  readonly after: SettledResource | undefined;
  readonly changes: readonly PropertyChange[];
}

/** Every resource of a stack, those that stay as they are among them. */
export function resourceChanges(stack: StackPair): ResourceChange[] {
  const before = settledResources(stack.deployed?.template, stack);
  const after = settledResources(stack.wanted?.template, stack);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((logicalId) =>
    changesOf(stack.name, logicalId, before.get(logicalId), after.get(logicalId)),
  );
}

interface Standing {
  readonly resource: SettledResource;
  readonly exists: Truth;
}

function settledResources(template: Template | undefined, stack: StackPair): Map<string, Standing> {
  if (!template) return new Map();
  const { settle, exists } = resolverOf(template, {
    name: stack.name,
    account: stack.account,
    region: stack.region,
    // As `cdk deploy` does: what a parameter is now, it stays.
    parameters: stack.deployed?.parameters,
  });
  return new Map(
    Object.entries(template.Resources).map(([logicalId, resource]) => [
      logicalId,
      {
        exists: exists(resource.Condition),
        resource: {
          type: resource.Type,
          properties: (settle(resource.Properties as ValueMap) ?? {}) as ValueMap,
          deletionPolicy: resource.DeletionPolicy,
          updateReplacePolicy: resource.UpdateReplacePolicy,
          path: constructPath(resource),
        },
      },
    ]),
  );
}

function changesOf(
  stack: string,
  logicalId: string,
  before: Standing | undefined,
  after: Standing | undefined,
): ResourceChange[] {
  const wasThere = before?.exists ?? false;
  const isThere = after?.exists ?? false;
  const resource = (action: Action, was: Standing | undefined, is: Standing | undefined): ResourceChange => ({
    stack,
    logicalId,
    type: (is ?? was)?.resource.type ?? '',
    path: (is ?? was)?.resource.path,
    action,
    before: was?.resource,
    after: is?.resource,
    changes: was && is ? propertyChanges(was.resource.properties, is.resource.properties) : [],
  });
  if (wasThere === false) return isThere === false ? [] : [resource('add', undefined, after)];
  if (isThere === false) return [resource(wasThere === true ? 'remove' : 'may-remove', before, undefined)];
  // CloudFormation refuses another type under the same id; whoever gets it in gets another resource.
  if (before?.resource.type !== after?.resource.type)
    return [resource('remove', before, undefined), resource('add', undefined, after)];
  return [resource(wasThere === true && isThere === 'unknown' ? 'may-remove' : 'keep', before, after)];
}

/** Every value that differs, as deep as both are objects or lists of one length. */
export function propertyChanges(
  before: Value | undefined,
  after: Value | undefined,
  path: readonly string[] = [],
): PropertyChange[] {
  if (isSame(before, after)) return [];
  if (isPlainMap(before) && isPlainMap(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      propertyChanges(before[key], after[key], [...path, key]),
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    const items = after as readonly Value[];
    return (before as readonly Value[]).flatMap((item, index) =>
      propertyChanges(item, items[index], [...path, String(index)]),
    );
  }
  return [{ path: path.join('.'), before, after }];
}

function isPlainMap(value: Value | undefined): value is ValueMap {
  return isMap(value) && intrinsicOf(value) === undefined;
}
