import * as z from 'zod';
import { UnreadableTemplateError } from './errors';
import { CORRECTIONS } from './replacement-corrections';
import { isSame } from './resolve';
import { isMap, type Value, type ValueMap } from './template';

/** Whether a changed property makes CloudFormation replace the resource. */
export type Verdict = 'no' | 'maybe' | 'yes';

/** A property whose change may replace the resource. */
export interface Cause {
  /** Such as `DBSubnetGroupName` or `VpcConfig.SubnetIds`. */
  readonly path: string;
  readonly verdict: 'maybe' | 'yes';
}

interface Property {
  readonly verdict: Verdict;
  readonly parts: ReadonlyMap<string, Property> | undefined;
}

/** Which properties of which resource types cannot be changed in place. */
export interface ReplacementSpec {
  readonly types: ReadonlySet<string>;
  /** Those that AWS itself calls stateful. */
  readonly statefulTypes: ReadonlySet<string>;
  /** What would replace the resource when these properties take the place of those; nothing for an unknown type. */
  causes(type: string, before: ValueMap, after: ValueMap): Cause[];
  /** What a change of the value at this place, and of nothing else, would do: `['VpcConfig', 'SubnetIds', '0']`. */
  verdictAt(type: string, path: readonly string[]): Verdict;
}

const PropertySpec = z.object({
  type: z.looseObject({ type: z.string() }),
  causesReplacement: z.enum(['yes', 'no', 'maybe']).optional(),
});
const Properties = z.record(z.string(), PropertySpec);
const Database = z.object({
  schema: z.object({
    resource: z.object({
      entities: z.array(
        z.object({
          cloudFormationType: z.string(),
          properties: Properties,
          isStateful: z.boolean().optional(),
        }),
      ),
    }),
    typeDefinition: z.object({
      entities: z.array(z.object({ $id: z.string(), properties: Properties })),
    }),
  }),
});

type Database = z.output<typeof Database>;

/**
 * Reads AWS's own description of resource types, as the CDK's command line carries it (`db.json.gz`, gunzipped and parsed)
 * for its diff. https://github.com/cdklabs/awscdk-service-spec
 *
 * @throws UnreadableTemplateError when it has another shape than the version that is pinned
 */
export function readReplacementSpec(database: unknown): ReplacementSpec {
  const read = Database.safeParse(database);
  if (!read.success)
    throw new UnreadableTemplateError(
      `the resource specification of aws-cdk has another shape: ${read.error.issues[0]?.path.join('.')}; adapt core/delivery/replacement-spec.ts to the version in package.json`,
    );
  const { resource, typeDefinition } = read.data.schema;
  const definitions = new Map(typeDefinition.entities.map(({ $id, properties }) => [$id, properties]));
  const types = new Map(
    resource.entities.map(({ cloudFormationType: type, properties }) => [
      type,
      lazily(() => partsOf(properties, definitions, [], CORRECTIONS[type])),
    ]),
  );
  const statefulTypes = new Set(
    resource.entities.filter(({ isStateful }) => isStateful).map((type) => type.cloudFormationType),
  );
  return {
    types: new Set(types.keys()),
    statefulTypes,
    causes: (type, before, after) => causesIn(types.get(type)?.(), before, after, []),
    verdictAt: (type, path) => verdictAt(types.get(type)?.(), path),
  };
}

type Parts = ReadonlyMap<string, Property>;

function partsOf(
  properties: z.output<typeof Properties>,
  definitions: ReadonlyMap<string, z.output<typeof Properties>>,
  within: readonly string[],
  corrections: Readonly<Record<string, Verdict>> = {},
): Parts {
  return new Map(
    Object.entries(properties).map(([name, { type, causesReplacement = 'no' }]): [string, Property] => {
      const reference = referenceIn(type);
      const definition = reference === undefined ? undefined : definitions.get(reference);
      return [
        name,
        {
          verdict: corrections[name] ?? causesReplacement,
          // A type may hold itself, such as a filter of filters.
          parts:
            definition && reference !== undefined && !within.includes(reference)
              ? partsOf(definition, definitions, [...within, reference])
              : undefined,
        },
      ];
    }),
  );
}

interface TypeSpec {
  readonly type?: unknown;
  readonly reference?: { readonly $ref?: string };
  readonly element?: TypeSpec;
  readonly types?: readonly TypeSpec[];
}

/** The definition that a property's type names: as itself, in a list or a map, or as one of several. */
function referenceIn({ type, reference, element, types = [] }: TypeSpec): string | undefined {
  if (type === 'ref') return reference?.$ref;
  return [...(element ? [element] : []), ...types].map(referenceIn).find((found) => found !== undefined);
}

function causesIn(
  parts: Parts | undefined,
  before: ValueMap,
  after: ValueMap,
  path: readonly string[],
): Cause[] {
  if (!parts) return [];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !isSame(before[name], after[name]))
    .flatMap((name) => {
      const property = parts.get(name);
      const here = [...path, name];
      if (!property) return [];
      return property.verdict === 'no'
        ? causesBelow(property.parts, before[name], after[name], here)
        : [{ path: here.join('.'), verdict: property.verdict }];
    });
}

/** Lists are compared place by place: which item became which is not told. */
function causesBelow(
  parts: Parts | undefined,
  before: Value | undefined,
  after: Value | undefined,
  path: readonly string[],
): Cause[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const items = after as readonly Value[];
    return (before as readonly Value[]).flatMap((item, index) =>
      causesBelow(parts, item, items[index], [...path, String(index)]),
    );
  }
  if (isMap(before) && isMap(after)) return causesIn(parts, before, after, path);
  // One that was not there before may have had a default, which nobody here knows.
  if (isMap(before ?? after) && (before === undefined || after === undefined)) {
    return causesIn(parts, asMap(before), asMap(after), path).map((cause) => ({
      ...cause,
      verdict: 'maybe',
    }));
  }
  return [];
}

function asMap(value: Value | undefined): ValueMap {
  return isMap(value) ? value : {};
}

function verdictAt(parts: Parts | undefined, [name, ...deeper]: readonly string[]): Verdict {
  if (name === undefined || !parts) return 'no';
  // A place in a list: what it holds is described by what the list holds.
  if (/^\d+$/.test(name)) return verdictAt(parts, deeper);
  const property = parts.get(name);
  if (!property) return 'no';
  return property.verdict === 'no' ? verdictAt(property.parts, deeper) : property.verdict;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
