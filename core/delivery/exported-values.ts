import { type Reference, referencesIn } from './references';
import { isSame, resolverOf } from './resolve';
import type { StackPair } from './stack-pair';
import type { Template, Value } from './template';

/** A value that a stack exports for others to import. */
export interface ExportedValue {
  readonly stack: string;
  readonly output: string;
  /** What it is made of, in its own stack. */
  readonly references: readonly Reference[];
  /** Whether it is another value by its own text. */
  readonly isChanged: boolean;
}

/** What these stacks export once they are deployed, by the name of the export. */
export function exportedValues(stacks: readonly StackPair[]): Map<string, ExportedValue> {
  return new Map(
    stacks.flatMap((stack) => {
      const before = exportedBy(stack, stack.deployed?.template);
      return [...exportedBy(stack, stack.wanted?.template)].map(
        ([name, { output, value }]): [string, ExportedValue] => {
          const old = before.get(name);
          return [
            name,
            {
              stack: stack.name,
              output,
              references: referencesIn(value),
              isChanged: old !== undefined && !isSame(old.value, value),
            },
          ];
        },
      );
    }),
  );
}

function exportedBy(
  { name, account, region, deployed }: StackPair,
  template: Template | undefined,
): Map<string, { readonly output: string; readonly value: Value }> {
  if (!template) return new Map();
  const { settle } = resolverOf(template, { name, account, region, parameters: deployed?.parameters });
  return new Map(
    Object.entries(template.Outputs).flatMap(([output, { Value: value, Export }]) => {
      const exportName = Export && settle(Export.Name);
      return typeof exportName === 'string' ? [[exportName, { output, value: settle(value) ?? null }]] : [];
    }),
  );
}
