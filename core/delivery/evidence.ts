import { showProperty } from './redact';
import type { Replacement } from './replacement';
import type { PropertyChange, ResourceChange, SettledResource } from './resource-change';

/**
 * The values that make a resource be replaced: those of its own properties that cannot be changed in place, and those of
 * what it follows, as far as that goes. What else changes is no evidence.
 */
export function evidence(
  changes: readonly ResourceChange[],
  replacements: readonly Replacement[],
): (replacement: Replacement) => string[] {
  const keyOf = ({ stack, logicalId }: { readonly stack: string; readonly logicalId: string }) =>
    `${stack}/${logicalId}`;
  const changeOf = new Map(changes.map((change) => [keyOf(change), change]));
  const replacementOf = new Map(replacements.map((replacement) => [keyOf(replacement.change), replacement]));

  function of(replacement: Replacement, above: readonly string[]): string[] {
    const { change, causes } = replacement;
    const own = change.changes.filter(({ path }) =>
      causes.some((cause) => path === cause.path || path.startsWith(`${cause.path}.`)),
    );
    return [
      ...own.map((value) => valueText(change.before, change.after, value)),
      ...causes.flatMap(({ follows }) => {
        if (!follows) return [];
        const key = keyOf(follows);
        if (above.includes(key)) return [];
        const followed = replacementOf.get(key);
        if (followed) return of(followed, [...above, key]);
        // It stays, and moves: whatever changes of it.
        const moved = changeOf.get(key);
        return moved?.changes.map((value) => valueText(moved.before, moved.after, value)) ?? [];
      }),
    ];
  }

  return (replacement) => [...new Set(of(replacement, [keyOf(replacement.change)]))].sort();
}

/** One value, before and after, as it may be shown. */
export function valueText(
  before: SettledResource | undefined,
  after: SettledResource | undefined,
  { path, before: was, after: is }: PropertyChange,
): string {
  return `${path}: ${showProperty(before?.properties, path, was)} → ${showProperty(after?.properties, path, is)}`;
}
