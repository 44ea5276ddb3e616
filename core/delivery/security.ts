import { EXPOSURES, GUARDS } from './exposures';
import type { Finding } from './finding';
import { type Grant, grantsIn, widenedBy } from './policy-grants';
import type { ResourceChange } from './resource-change';
import { EVERYBODY, openedBy, rulesOf, type TrafficRule } from './security-group-rules';
import { show } from './show';
import { asList, type ValueMap } from './template';

/** What would be more open than before: who may do more, what reaches further, what no longer guards. */
export function wideningsOf(environment: string, changes: readonly ResourceChange[]): Finding[] {
  return changes.flatMap((change) => {
    const finding: Make = (what, because = [], kind = 'widens') => ({
      kind,
      environment,
      stack: change.stack,
      logicalId: change.logicalId,
      type: change.type,
      path: change.path,
      what,
      because,
      afterwards: undefined,
    });
    return [...permissions(change, finding), ...traffic(change, finding), ...exposures(change, finding)];
  });
}

type Make = (what: string, because?: readonly string[], kind?: 'opens' | 'widens') => Finding;

const NONE: ValueMap = {};

function permissions({ type, action, before, after, changes }: ResourceChange, make: Make): Finding[] {
  if (action === 'keep' && changes.length === 0) return [];
  // A role that leaves takes its policies with it; the policy of a resource that leaves guarded it.
  const grants = (properties: ValueMap | undefined) => [
    ...grantsIn(properties ?? NONE),
    ...permissionOf(type, properties),
  ];
  const widened = widenedBy(grants(before?.properties), grants(after?.properties)).filter(
    ({ effect }) => effect === 'Allow' || action === 'keep' || isAttached(type),
  );
  const attached = newIn(before?.properties, after?.properties, 'ManagedPolicyArns');
  return [
    ...(widened.length > 0 ? [permissionFinding(widened, make)] : []),
    ...(attached.length > 0 ? [make('would have more policies attached', attached)] : []),
  ];
}

/** A policy that stands beside what it guards. */
function isAttached(type: string): boolean {
  return /Policy$/.test(type) && !type.startsWith('AWS::IAM::');
}

/** A function's permission, which is a policy's statement in other words. */
function permissionOf(type: string, properties: ValueMap | undefined): Grant[] {
  if (type !== 'AWS::Lambda::Permission' || !properties) return [];
  const {
    Action: action = '*',
    Principal: principal = '*',
    FunctionName: resource = '*',
    ...conditions
  } = properties;
  return [
    {
      effect: 'Allow',
      principal: show(principal),
      action: show(action),
      resource: show(resource),
      condition: Object.keys(conditions).length > 0 ? show(conditions) : '',
    },
  ];
}

function newIn(before: ValueMap | undefined, after: ValueMap | undefined, name: string): string[] {
  const list = (properties: ValueMap | undefined) => {
    return asList(properties?.[name]).map(show);
  };
  const was = new Set(list(before));
  return list(after).filter((item) => !was.has(item));
}

function permissionFinding(grants: readonly Grant[], make: Make): Finding {
  const toEverybody = grants.some(
    ({ effect, principal, condition }) => effect === 'Allow' && principal === '*' && condition === '',
  );
  if (toEverybody) return make('would let everybody in', grants.map(grantText), 'opens');
  const what = grants.every(({ effect }) => effect === 'Deny')
    ? 'would no longer deny what it did'
    : grants.some(isWild)
      ? 'would allow more, with a wildcard that nothing narrows'
      : 'would allow more';
  return make(what, grants.map(grantText));
}

/** Actions that take no resource, or that only read what things are called. */
const NAMES_NO_RESOURCE =
  /^(xray:|[\w-]+:(Describe|List)|ecr:GetAuthorizationToken$|secretsmanager:GetRandomPassword$|cloudwatch:PutMetricData$|logs:\w*(LogDelivery|LogDeliveries|ResourcePolic\w+)$)/;

/** Of an identity's policy: in one that stands at a resource, the star is that resource. */
function isWild({ effect, principal, action, resource, condition }: Grant): boolean {
  if (effect !== 'Allow' || condition !== '' || principal !== 'its holder') return false;
  return /^(\*|[\w-]+:\*)$/.test(action) || (resource === '*' && !NAMES_NO_RESOURCE.test(action));
}

function grantText({ effect, principal, action, resource, condition }: Grant): string {
  const verb = effect === 'Allow' ? 'allows' : 'no longer denies';
  const to = principal === 'its holder' ? '' : ` to ${principal}`;
  return `${verb} ${action} on ${resource}${to}${condition === '' ? '' : ` if ${condition}`}`;
}

function traffic({ type, before, after }: ResourceChange, make: Make): Finding[] {
  const opened = openedBy(
    rulesOf(type, before?.properties ?? NONE),
    rulesOf(type, after?.properties ?? NONE),
  );
  if (opened.length === 0) return [];
  const toEverybody = opened.some(({ direction, peer }) => direction === 'in' && EVERYBODY.has(peer));
  return [
    make(
      toEverybody ? 'would let the whole internet in' : 'would let more traffic through',
      opened.map(ruleText),
      toEverybody ? 'opens' : 'widens',
    ),
  ];
}

function ruleText({ direction, protocol, ports, peer }: TrafficRule): string {
  const what = protocol === '-1' ? 'everything' : `${protocol} ${ports === 'any' ? 'on any port' : ports}`;
  return `${direction === 'in' ? 'in from' : 'out to'} ${peer}: ${what}`;
}

function exposures({ type, action, before, after }: ResourceChange, make: Make): Finding[] {
  const guard = GUARDS.get(type);
  if (!after) return guard === undefined || action === 'add' ? [] : [make(`would be gone: it is ${guard}`)];
  if (!before) return [];
  return (EXPOSURES[type] ?? []).flatMap((check) => {
    const says = check(before.properties, after.properties);
    return says === undefined ? [] : [make(says)];
  });
}
