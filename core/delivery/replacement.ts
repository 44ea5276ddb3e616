import { type ExportedValue, exportedValues } from './exported-values';
import { type Reference, referencesIn } from './references';
import type { ReplacementSpec, Verdict } from './replacement-spec';
import type { PropertyChange, ResourceChange } from './resource-change';
import type { StackPair } from './stack-pair';
import { PLACES } from './stateful-types';

/** A resource, or an output, of a stack. */
export interface Named {
  readonly stack: string;
  readonly logicalId: string;
}

/** Why a resource is replaced, or may be. */
export interface ReplacementCause {
  /** The property, such as `DBSubnetGroupName`. */
  readonly path: string;
  readonly verdict: 'maybe' | 'yes';
  /** Whether the property's change replaces the resource, whatever makes it change. */
  readonly ofProperty: 'maybe' | 'yes';
  /** Who gives the property another value; undefined when the template itself does. */
  readonly follows?: Followed;
}

export interface Followed extends Named {
  /** `moves`: it stays, with other subnets or other answers. */
  readonly how: 'is replaced' | 'may be replaced' | 'moves';
}

/** A resource that stays in its template, and whether it is the same one afterwards. */
export interface Replacement {
  readonly change: ResourceChange;
  readonly verdict: Verdict;
  readonly causes: readonly ReplacementCause[];
}

/**
 * What CloudFormation would replace in all stacks of an environment: by a property that cannot be changed in place, or
 * because something that such a property names is itself replaced, over as many steps and stacks as it takes. The second
 * is what a comparison of templates does not show, for the text stays the same (aws-cdk#31426).
 */
export function findReplacements(
  stacks: readonly StackPair[],
  changes: readonly ResourceChange[],
  spec: ReplacementSpec,
): Replacement[] {
  return new Search(changes, spec, exportedValues(stacks)).run();
}

/** Whether something that is referred to is another thing afterwards. */
interface Told {
  readonly verdict: Verdict;
  readonly from?: Followed;
}

const SAME: Told = { verdict: 'no' };

class Search {
  private readonly found: Map<string, Replacement>;
  /** Ids that stay and that another type takes. */
  private readonly gone: ReadonlySet<string>;
  private readonly references = new Map<ResourceChange, readonly Reference[]>();

  constructor(
    changes: readonly ResourceChange[],
    private readonly spec: ReplacementSpec,
    private readonly exports: ReadonlyMap<string, ExportedValue>,
  ) {
    this.gone = new Set(changes.filter(({ action }) => action === 'remove').map(keyOf));
    this.found = new Map(
      changes
        .filter(({ before, after }) => before && after)
        .map((change) => [keyOf(change), judge(change, this.ownCauses(change))]),
    );
  }

  /** Verdicts only rise, so this ends: a chain of dependencies takes as many rounds as it is long. */
  run(): Replacement[] {
    for (let isSettled = false; !isSettled;) {
      isSettled = true;
      for (const [key, { change, verdict, causes }] of this.found) {
        const next = judge(change, [...this.ownCauses(change), ...this.followedCauses(change)]);
        if (next.verdict === verdict && next.causes.length === causes.length) continue;
        this.found.set(key, next);
        isSettled = false;
      }
    }
    return [...this.found.values()].filter(({ verdict }) => verdict !== 'no');
  }

  private ownCauses({ type, before, after, changes }: ResourceChange): ReplacementCause[] {
    if (!before || !after || changes.length === 0) return [];
    if (!this.spec.types.has(type)) {
      // A custom resource of another function is another resource.
      return changes
        .filter(({ path }) => path === 'ServiceToken')
        .map(({ path }) => ({ path, verdict: 'yes' as const, ofProperty: 'yes' as const }));
    }
    return this.spec.causes(type, before.properties, after.properties).map(({ path, verdict }) => ({
      path,
      ofProperty: verdict,
      verdict: changes.some((change) => isBelow(change.path, path) && isOnlyImportedOtherwise(change))
        ? ('maybe' as const)
        : verdict,
    }));
  }

  private followedCauses(change: ResourceChange): ReplacementCause[] {
    return this.referencesOf(change).flatMap(({ path, target }) => {
      const ofProperty = this.spec.verdictAt(change.type, path);
      if (ofProperty === 'no') return [];
      const { verdict, from } = this.tell(target, change.stack);
      if (verdict === 'no') return [];
      return [
        {
          path: path.join('.'),
          ofProperty,
          verdict: ofProperty === 'yes' && verdict === 'yes' ? ('yes' as const) : ('maybe' as const),
          ...(from && { follows: from }),
        },
      ];
    });
  }

  private tell(target: Reference['target'], stack: string): Told {
    if (target.kind === 'import') return this.tellExport(target.exportName);
    const named = { stack, logicalId: target.logicalId };
    const told = (verdict: Verdict, how: Followed['how']): Told => ({ verdict, from: { ...named, how } });
    if (this.gone.has(keyOf(named))) return told('yes', 'is replaced');
    const replacement = this.found.get(keyOf(named));
    if (!replacement) return SAME;
    if (replacement.verdict === 'yes') return told('yes', 'is replaced');
    if (replacement.verdict === 'maybe') return told('maybe', 'may be replaced');
    const { change } = replacement;
    // A custom resource's attributes are whatever its function says when it is updated.
    const mayAnswerOtherwise =
      isCustom(change.type) && target.attribute !== undefined && change.changes.length > 0;
    return mayAnswerOtherwise || this.doesMove(change) ? told('maybe', 'moves') : SAME;
  }

  private tellExport(name: string): Told {
    const exported = this.exports.get(name);
    if (!exported) return SAME;
    if (exported.isChanged)
      return {
        verdict: 'yes',
        from: { stack: exported.stack, logicalId: exported.output, how: 'is replaced' },
      };
    return worst(exported.references.map(({ target }) => this.tell(target, exported.stack)));
  }

  /** A subnet group that stays, and whose subnets are others: what stands in it has been known to be replaced. */
  private doesMove(change: ResourceChange): boolean {
    if (!PLACES.has(change.type)) return false;
    return (
      change.changes.some(({ path }) => isBelow(path, 'SubnetIds')) ||
      this.referencesOf(change).some(
        ({ path, target }) => path[0] === 'SubnetIds' && this.tell(target, change.stack).verdict !== 'no',
      )
    );
  }

  private referencesOf(change: ResourceChange): readonly Reference[] {
    const known = this.references.get(change) ?? referencesIn(change.after?.properties ?? {});
    this.references.set(change, known);
    return known;
  }
}

/** Whether the type is one of a function of ours, or of somebody's. */
export function isCustom(type: string): boolean {
  return type === 'AWS::CloudFormation::CustomResource' || type.startsWith('Custom::');
}

function judge(change: ResourceChange, causes: readonly ReplacementCause[]): Replacement {
  const { verdict } = worst(causes);
  return { change, verdict, causes };
}

function worst(told: readonly Told[]): Told {
  return (
    told.find(({ verdict }) => verdict === 'yes') ?? told.find(({ verdict }) => verdict === 'maybe') ?? SAME
  );
}

function isBelow(path: string, property: string): boolean {
  return path === property || path.startsWith(`${property}.`);
}

/**
 * One value of another stack, asked for in another way: it may be the same one, and CloudFormation plans a replacement all
 * the same (aws-cdk#38829).
 */
function isOnlyImportedOtherwise({ before, after }: PropertyChange): boolean {
  return [before, after].every((value) =>
    /"Fn::(ImportValue|GetStackOutput)"/.test(JSON.stringify(value ?? null)),
  );
}

function keyOf({ stack, logicalId }: Named): string {
  return `${stack}/${logicalId}`;
}
