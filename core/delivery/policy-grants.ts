import { show } from './show';
import { asList, isMap, type Value, type ValueMap } from './template';

/** One thing that a policy says: one action on one resource for one principal. */
export interface Grant {
  readonly effect: 'Allow' | 'Deny';
  /** Such as `AWS:arn:aws:iam::123456789012:root`, `*`, or `its holder` in a policy of an identity. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** As text; empty for none. */
  readonly condition: string;
}

/** Every grant of every policy document in a resource's properties, wherever it stands. */
export function grantsIn(properties: Value | undefined): Grant[] {
  if (Array.isArray(properties)) return (properties as readonly Value[]).flatMap(grantsIn);
  if (!isMap(properties)) return [];
  const statements = asList(properties['Statement']).filter(isStatement);
  return statements.length > 0
    ? statements.flatMap(grantsOf)
    : Object.values(properties).flatMap((value) => grantsIn(value));
}

/** What is allowed that was not, and what was denied and is not. */
export function widenedBy(before: readonly Grant[], after: readonly Grant[]): Grant[] {
  const by = (effect: Grant['effect'], grants: readonly Grant[]) =>
    grants.filter((grant) => grant.effect === effect);
  return [
    ...uncovered(by('Allow', before), by('Allow', after)),
    ...uncovered(by('Deny', after), by('Deny', before)),
  ];
}

function uncovered(covering: readonly Grant[], grants: readonly Grant[]): Grant[] {
  return grants.filter((grant) => !covering.some((other) => covers(other, grant)));
}

/** Whether the one says all that the other says. A condition narrows, so one with none covers one with any. */
function covers(one: Grant, other: Grant): boolean {
  return (
    matches(one.action.toLowerCase(), other.action.toLowerCase()) &&
    matches(one.resource, other.resource) &&
    (one.principal === other.principal || one.principal === '*') &&
    (one.condition === '' || one.condition === other.condition)
  );
}

function matches(pattern: string, text: string): boolean {
  if (pattern === text || pattern === '*') return true;
  // What is said by exclusion is compared by its words alone.
  if (!/[*?]/.test(pattern) || pattern.startsWith('everything but')) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`).test(text);
}

function isStatement(value: Value): value is ValueMap {
  return isMap(value) && (value['Effect'] === 'Allow' || value['Effect'] === 'Deny');
}

function grantsOf(statement: ValueMap): Grant[] {
  const { Effect: effect, Condition: condition } = statement;
  return principalsOf(statement).flatMap((principal) =>
    namesOf(statement, 'Action').flatMap((action) =>
      namesOf(statement, 'Resource').map((resource) => ({
        effect: effect === 'Deny' ? ('Deny' as const) : ('Allow' as const),
        principal,
        action,
        resource,
        condition: condition === undefined ? '' : show(condition),
      })),
    ),
  );
}

function namesOf(statement: ValueMap, field: 'Action' | 'Resource'): string[] {
  const named = asList(statement[field]).map(show);
  const excluded = asList(statement[`Not${field}`]).map(show);
  if (excluded.length > 0) return [`everything but ${excluded.join(', ')}`];
  if (named.length > 0) return named;
  // A trust policy, for one, names no resource: it is about what it stands at.
  return [field === 'Resource' ? 'itself' : '*'];
}

function principalsOf(statement: ValueMap): string[] {
  const excluded = statement['NotPrincipal'];
  if (excluded !== undefined) return [`everybody but ${show(excluded)}`];
  const principal = statement['Principal'];
  if (principal === undefined) return ['its holder'];
  if (!isMap(principal)) return [show(principal)];
  return Object.entries(principal).flatMap(([kind, who]) =>
    asList(who).map((one) => (kind === 'AWS' && one === '*' ? '*' : `${kind}:${show(one)}`)),
  );
}
