import { isMap, type Value, type ValueMap } from './template';

/** Says what gets worse between a resource's old and its new properties; undefined when nothing does. */
export type Check = (before: ValueMap, after: ValueMap) => string | undefined;

/** The value at `A.B.C`. */
export function at(properties: ValueMap, path: string): Value | undefined {
  return path
    .split('.')
    .reduce<Value | undefined>((value, key) => (isMap(value) ? value[key] : undefined), properties);
}

/** It was on and is not, or it is not known whether it still is. */
export function switchedOff(path: string, says: string, byDefault = false): Check {
  return (before, after) =>
    isOn(before, path, byDefault) && !isOn(after, path, byDefault) ? says : undefined;
}

/** It is on, or may be, and was not. */
export function switchedOn(path: string, says: string, byDefault = false): Check {
  return (before, after) => {
    const value = at(after, path);
    const isOnNow = value === undefined ? byDefault : value !== 'false';
    return isOnNow && !isOn(before, path, byDefault) ? says : undefined;
  };
}

/**
 * It is a smaller number than before; one that only the deployment knows counts as smaller.
 *
 * @param byDefault what none means
 */
export function lowered(path: string, says: (from: string, to: string) => string, byDefault: number): Check {
  return (before, after) => {
    const [from, to] = [before, after].map((properties) => numberAt(properties, path, byDefault)) as [
      number,
      number,
    ];
    const isUnknown =
      Number.isNaN(to) && JSON.stringify(at(before, path)) !== JSON.stringify(at(after, path));
    return to < from || isUnknown ? says(words(from), words(to)) : undefined;
  };
}

/** It was this value and is another one. */
export function noLonger(path: string, value: string, says: string): Check {
  return (before, after) => (at(before, path) === value && at(after, path) !== value ? says : undefined);
}

/** It is this value and was another one. */
export function becomes(path: string, value: string, says: string): Check {
  return (before, after) => (at(after, path) === value && at(before, path) !== value ? says : undefined);
}

/** It was there and is not. */
export function dropped(path: string, says: string): Check {
  return (before, after) =>
    at(before, path) !== undefined && at(after, path) === undefined ? says : undefined;
}

function isOn(properties: ValueMap, path: string, byDefault: boolean): boolean {
  const value = at(properties, path);
  return value === undefined ? byDefault : value === 'true';
}

function numberAt(properties: ValueMap, path: string, byDefault: number): number {
  const value = at(properties, path);
  if (value === undefined) return byDefault;
  return typeof value === 'string' ? Number(value) : NaN;
}

function words(number: number): string {
  if (Number.isNaN(number)) return 'a number that only the deployment knows';
  return number === Infinity ? 'for ever' : String(number);
}
