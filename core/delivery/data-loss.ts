import { evidence, valueText } from './evidence';
import type { Finding } from './finding';
import { PROTECTIONS } from './protections';
import { fateOnRemoval, fateOnReplacement, fateUnder, type Fate, isWeaker } from './removal-policy';
import type { Replacement, ReplacementCause } from './replacement';
import { propertyChanges, type ResourceChange, type SettledResource } from './resource-change';
import { STATEFUL_TYPES } from './stateful-types';

/** Every way in which these changes lose data, or take away what keeps it. */
export function dataLossOf(
  environment: string,
  changes: readonly ResourceChange[],
  replacements: readonly Replacement[],
): Finding[] {
  const replaced = new Map(replacements.map((replacement) => [replacement.change, replacement]));
  const evidenceOf = evidence(changes, replacements);
  return changes
    .filter(({ type, before }) => STATEFUL_TYPES.has(type) && before)
    .flatMap((change): Finding[] => {
      const subject = subjectOf(environment, change);
      const replacement = replaced.get(change);
      return [
        ...removals(subject, change, changes),
        ...(replacement
          ? [{ ...replacementFinding(subject, replacement), evidence: evidenceOf(replacement) }]
          : []),
        ...(change.after && change.before ? weakenings(subject, change.before, change.after) : []),
        ...overwrites(subject, change),
      ];
    });
}

type Subject = Pick<Finding, 'environment' | 'stack' | 'logicalId' | 'type' | 'path'>;

function subjectOf(environment: string, { stack, logicalId, type, path }: ResourceChange): Subject {
  return { environment, stack, logicalId, type, path };
}

function removals(
  subject: Subject,
  { action, before, type }: ResourceChange,
  changes: readonly ResourceChange[],
): Finding[] {
  if (!before || (action !== 'remove' && action !== 'may-remove')) return [];
  return [
    {
      ...subject,
      kind: action === 'remove' ? 'deletes' : 'may-delete',
      what:
        action === 'remove'
          ? 'would leave the template'
          : 'would leave the template if its condition does not hold, which only the deployment knows',
      because: successorsOf({ ...subject, type }, changes).map(
        ({ stack, logicalId }) =>
          `${stack} gets a new one, ${logicalId}. CloudFormation knows a resource by its logical id and its stack: this is no move, the new one is empty`,
      ),
      afterwards: afterwards(fateOnRemoval(before), type),
      evidence: propertyChanges(before.properties, undefined).map((value) =>
        valueText(before, before, value),
      ),
    },
  ];
}

/** What looks as if it were to take its place: of its construct or its id, or else the first few of its type. */
function successorsOf(
  { logicalId, path, type }: Pick<ResourceChange, 'type' | 'path'> & Pick<Finding, 'logicalId'>,
  changes: readonly ResourceChange[],
): readonly ResourceChange[] {
  const alike = changes.filter((other) => other.action === 'add' && other.type === type);
  const same = alike.filter(
    (other) => other.logicalId === logicalId || (path !== undefined && other.path === path),
  );
  return same.length > 0 ? same : alike.slice(0, 3);
}

function replacementFinding(subject: Subject, { change, verdict, causes }: Replacement): Finding {
  const { before, after, type } = change;
  return {
    ...subject,
    kind: verdict === 'yes' ? 'replaces' : 'may-replace',
    what:
      verdict === 'yes'
        ? 'would be replaced by a new, empty one'
        : 'may be replaced by a new, empty one: CloudFormation decides when it is deployed',
    because: [...new Set(causes.map(reasonOf))].sort(),
    afterwards: before && after && afterwards(fateOnReplacement(before, after), type),
  };
}

function reasonOf({ path, ofProperty, follows }: ReplacementCause): string {
  const cannot =
    ofProperty === 'yes' ? `${path} cannot be changed in place` : `${path} cannot always be changed in place`;
  if (!follows) return cannot;
  const how = follows.how === 'moves' ? 'stays, but is not where it was' : follows.how;
  return `${cannot}, and names ${follows.stack}/${follows.logicalId}, which ${how}`;
}

function afterwards(fate: Fate, type: string): string {
  const held = STATEFUL_TYPES.get(type) ?? 'its data';
  const backups = /^AWS::(RDS|DocDB|Neptune)::/.test(type) ? ', and all of its automated backups' : '';
  switch (fate) {
    case 'Delete':
      return `the old one is deleted: ${held}${backups}`;
    case 'Snapshot':
      return `the old one is deleted${backups}; a last snapshot of it stays`;
    case 'Retain':
      return `the old one stays, but no stack knows it any more, and nothing of ours uses it, backs it up or watches it`;
  }
}

function weakenings(subject: Subject, before: SettledResource, after: SettledResource): Finding[] {
  const unprotects = (what: string): Finding => ({
    ...subject,
    kind: 'unprotects',
    what,
    because: [],
    afterwards: undefined,
  });
  return [
    ...policies(before, after).map(unprotects),
    ...(PROTECTIONS[after.type] ?? []).flatMap((check) => {
      const weaker = check(before.properties, after.properties);
      return weaker === undefined ? [] : [unprotects(weaker)];
    }),
  ];
}

function policies(before: SettledResource, after: SettledResource): string[] {
  return [
    ['deletionPolicy', 'DeletionPolicy', 'it leaves the template or its stack is deleted'],
    ['updateReplacePolicy', 'UpdateReplacePolicy', 'it is replaced'],
  ].flatMap(([field, name, when]) => {
    const [was, is] = [before, after].map((resource) =>
      fateUnder(resource[field as 'deletionPolicy' | 'updateReplacePolicy'], resource),
    ) as [Fate, Fate];
    return isWeaker(is, was) ? [`would have the ${name} ${is} and not ${was}, for when ${when}`] : [];
  });
}

/**
 * CloudFormation puts a new value into a secret whenever these change.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
 */
function overwrites(subject: Subject, { type, action, before, after, changes }: ResourceChange): Finding[] {
  if (type !== 'AWS::SecretsManager::Secret' || action !== 'keep') return [];
  const paths = [...new Set(changes.map(({ path }) => path.split('.')[0] ?? ''))].filter((name) =>
    ['GenerateSecretString', 'SecretString'].includes(name),
  );
  return paths.length === 0
    ? []
    : [
        {
          ...subject,
          kind: 'overwrites',
          what: 'would get a new value, in place of the one that is used now',
          because: paths.map((name) => `${name} changes, and CloudFormation then writes what it says`),
          afterwards: 'the value that is used now becomes the previous version, until the next change',
          evidence: changes.map((value) => valueText(before, after, value)),
        },
      ];
}
