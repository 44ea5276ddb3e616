import { canonical, type Fields, type Json } from './resource';

/** One field that is not as it should be. */
export interface FieldChange {
  /** `config.frequency`, `actionFilters[0].conditions[1].comparison.value` */
  readonly field: string;
  /** Absent: it is not there now. */
  readonly before?: Json;
  /** Absent: it will not be there. */
  readonly after?: Json;
}

/** What must change, field by field; nothing when both say the same. Fields that only `actual` has are not ours to say. */
export function changesBetween(actual: Fields, desired: Fields): FieldChange[] {
  return Object.keys(desired).flatMap((name) => between(name, actual[name], desired[name]));
}

function between(field: string, before: Json | undefined, after: Json | undefined): FieldChange[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined || after === undefined) {
    return [{ field, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  }
  if (canonical(before) === canonical(after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, wanted] = [before as readonly Json[], after as readonly Json[]];
    // Texts and numbers are clearer as the whole list.
    if (![...old, ...wanted].every(isObject)) return [{ field, before, after }];
    const longest = Math.max(old.length, wanted.length);
    return Array.from({ length: longest }, (_, index) =>
      between(`${field}[${index}]`, old[index], wanted[index]),
    ).flat();
  }
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => between(`${field}.${name}`, before[name], after[name]));
  }
  return [{ field, before, after }];
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
