import { z } from 'zod';
import { TemplateError } from './intrinsics';

/**
 * Properties of a resource that a provider knows and that have no effect on one machine, such as tags. Naming
 * them is what makes {@link strictly} refuse every other one.
 */
export function withoutEffect<const Names extends readonly string[]>(
  ...names: Names
): Record<Names[number], z.ZodOptional<z.ZodUnknown>> {
  return Object.fromEntries(names.map((name) => [name, z.unknown().optional()])) as Record<
    Names[number],
    z.ZodOptional<z.ZodUnknown>
  >;
}

/**
 * Parses properties and refuses one that the provider does not know: it would vanish without a word.
 *
 * @throws TemplateError naming each unknown property
 */
export function strictly<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  { type, path, properties }: { type: string; path: string; properties: Readonly<Record<string, unknown>> },
): z.output<z.ZodObject<Shape>> {
  const unknown = Object.keys(properties).filter((name) => !(name in schema.shape));
  if (unknown.length > 0) {
    throw new TemplateError(
      `${path}: the local platform does not know ${unknown.join(', ')} of ${type}: teach its provider in local/cloudformation/providers`,
    );
  }
  return schema.parse(properties);
}
