/** As much of an OpenAPI document as there is to look at here. */
interface Described {
  readonly paths?: unknown;
  readonly components?: { readonly schemas?: object } | undefined;
}

const PREFIX = '#/components/schemas/';

/**
 * The type provider describes every schema twice, as what comes in (`ProjectInput`) and as what goes out (`Project`).
 * This leaves what is referred to, and drops the ending where there is no other.
 */
export function tidyComponents<T extends Described>(document: T): T {
  const schemas: Readonly<Record<string, unknown>> = { ...document.components?.schemas };
  const used = new Set<string>();
  const follow = (value: unknown): void => {
    for (const name of referredTo(value)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas[name]);
    }
  };
  follow(document.paths);
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  const short = (name: string): string => {
    const stem = name.replace(/Input$/, '');
    return stem in kept ? name : stem;
  };
  const tidy = { ...document, components: { ...document.components, schemas: kept } };
  return JSON.parse(JSON.stringify(tidy), (key, value: unknown) => {
    if (key === '$ref' && typeof value === 'string' && value.startsWith(PREFIX)) {
      return PREFIX + short(value.slice(PREFIX.length));
    }
    if (key === 'schemas' && value instanceof Object) {
      return Object.fromEntries(
        Object.entries(value).map(([name, schema]) => [short(name), schema as unknown]),
      );
    }
    return value;
  }) as T;
}

function referredTo(value: unknown): string[] {
  return [...(JSON.stringify(value) ?? '').matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name!,
  );
}
