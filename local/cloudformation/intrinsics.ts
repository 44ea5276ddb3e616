import { GoLiveError } from '../../core/shared/errors';
import type { Template } from './assembly';

/** A template uses something that this interpreter does not know, so the deployment is refused. */
export class TemplateError extends GoLiveError {
  readonly code = 'TemplateError';
}

/** What expressions in a template may refer to. */
export interface Scope {
  readonly template: Template;
  readonly pseudo: Readonly<Record<string, string>>;
  /** `Ref` of a resource; undefined when it has not been made. */
  ref(logicalId: string): string | undefined;
  /** `Fn::GetAtt` of a resource; undefined when it has no such attribute. */
  attribute(logicalId: string, name: string): string | undefined;
  /** `Fn::ImportValue`; undefined when no stack exports it. */
  importValue(name: string): string | undefined;
  /** `{{resolve:…}}` in a string. */
  dynamic(reference: string): Promise<string>;
}

/** The value of `AWS::NoValue`: the property that holds it is left out. */
const NO_VALUE = Symbol('AWS::NoValue');

const DYNAMIC_REFERENCE = /\{\{resolve:([^}]*)\}\}/g;

/**
 * Resolves every intrinsic function and dynamic reference in a value.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 *
 * @throws TemplateError for a function, a reference or an attribute that is not known
 */
export async function resolveValue(value: unknown, scope: Scope): Promise<unknown> {
  const resolved = await resolveNode(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
}

/** Evaluates a named condition of the template. */
export async function conditionHolds(name: string, scope: Scope): Promise<boolean> {
  if (!(name in scope.template.Conditions)) throw new TemplateError(`the template has no condition ${name}`);
  return (await resolveNode(scope.template.Conditions[name], scope)) === true;
}

async function resolveNode(node: unknown, scope: Scope): Promise<unknown> {
  if (typeof node === 'string') return await resolveDynamic(node, scope);
  if (Array.isArray(node)) {
    const items = await Promise.all(node.map((item) => resolveNode(item, scope)));
    return items.filter((item) => item !== NO_VALUE);
  }
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node);
  const [first] = entries;
  if (
    entries.length === 1 &&
    first &&
    (first[0] === 'Ref' || first[0] === 'Condition' || first[0].startsWith('Fn::'))
  ) {
    const result = await resolveFunction(first[0], first[1], scope);
    return typeof result === 'string' ? await resolveDynamic(result, scope) : result;
  }
  const resolved = await Promise.all(
    entries.map(async ([key, item]) => [key, await resolveNode(item, scope)] as const),
  );
  return Object.fromEntries(resolved.filter(([, item]) => item !== NO_VALUE));
}

async function resolveFunction(name: string, argument: unknown, scope: Scope): Promise<unknown> {
  switch (name) {
    case 'Ref':
      return reference(String(argument), scope);
    case 'Condition':
      return await conditionHolds(String(argument), scope);
    case 'Fn::GetAtt': {
      const [logicalId, ...path] =
        typeof argument === 'string' ? argument.split('.') : (argument as string[]);
      return attributeOf(String(logicalId), path.join('.'), scope);
    }
    case 'Fn::Join': {
      const [separator, items] = argument as [string, unknown];
      const list = await listOf(items, scope, name);
      return list.map(String).join(separator);
    }
    case 'Fn::Sub':
      return await substitute(argument, scope);
    case 'Fn::Select': {
      const [index, items] = argument as [unknown, unknown];
      const list = await listOf(items, scope, name);
      const chosen = list[Number(await resolveNode(index, scope))];
      if (chosen === undefined) throw new TemplateError(`Fn::Select: the list has no item ${String(index)}`);
      return chosen;
    }
    case 'Fn::Split': {
      const [separator, text] = argument as [string, unknown];
      return String(await resolveNode(text, scope)).split(separator);
    }
    case 'Fn::FindInMap': {
      const keys = await listOf(argument, scope, name);
      const [map, top, second] = keys.map(String) as [string, string, string];
      const found = scope.template.Mappings[map]?.[top]?.[second];
      if (found === undefined)
        throw new TemplateError(`Fn::FindInMap: ${keys.join('.')} is not in the mappings`);
      return found;
    }
    case 'Fn::ImportValue': {
      const exported = String(await resolveNode(argument, scope));
      const value = scope.importValue(exported);
      if (value === undefined)
        throw new TemplateError(`Fn::ImportValue: no deployed stack exports ${exported}`);
      return value;
    }
    case 'Fn::If': {
      const [condition, whenTrue, whenFalse] = argument as [string, unknown, unknown];
      return await resolveNode((await conditionHolds(condition, scope)) ? whenTrue : whenFalse, scope);
    }
    case 'Fn::Equals': {
      const [left, right] = await listOf(argument, scope, name);
      return JSON.stringify(left) === JSON.stringify(right);
    }
    case 'Fn::Not':
      return (await listOf(argument, scope, name))[0] !== true;
    case 'Fn::And':
      return (await listOf(argument, scope, name)).every((item) => item === true);
    case 'Fn::Or':
      return (await listOf(argument, scope, name)).some((item) => item === true);
    case 'Fn::Base64':
      return Buffer.from(String(await resolveNode(argument, scope))).toString('base64');
    default:
      throw new TemplateError(
        `${name} is not known to the local platform: teach it in local/cloudformation/intrinsics.ts`,
      );
  }
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  const pseudo = scope.pseudo[name];
  if (pseudo !== undefined) return pseudo;
  const parameter = scope.template.Parameters[name];
  if (parameter) {
    if (parameter.Default === undefined) throw new TemplateError(`parameter ${name} has no default`);
    return parameter.Default;
  }
  const value = scope.ref(name);
  if (value === undefined)
    throw new TemplateError(`Ref: ${name} is neither a resource nor a parameter that is known`);
  return value;
}

function attributeOf(logicalId: string, name: string, scope: Scope): string {
  const value = scope.attribute(logicalId, name);
  if (value === undefined) {
    const type = scope.template.Resources[logicalId]?.Type ?? 'no resource of the template';
    throw new TemplateError(
      `Fn::GetAtt: ${logicalId} (${type}) has no attribute ${name} on the local platform`,
    );
  }
  return value;
}

async function listOf(argument: unknown, scope: Scope, name: string): Promise<unknown[]> {
  const list = await resolveNode(argument, scope);
  if (!Array.isArray(list)) throw new TemplateError(`${name} wants a list, got ${JSON.stringify(argument)}`);
  return list as unknown[];
}

async function substitute(argument: unknown, scope: Scope): Promise<string> {
  const [text, given] = Array.isArray(argument)
    ? (argument as [string, Record<string, unknown>])
    : [String(argument), {}];
  const values = (await resolveNode(given, scope)) as Record<string, unknown>;
  return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (name in values) return String(values[name]);
    const [logicalId, ...path] = name.split('.');
    return path.length > 0 && logicalId
      ? attributeOf(logicalId, path.join('.'), scope)
      : String(reference(name, scope));
  });
}

async function resolveDynamic(text: string, scope: Scope): Promise<string> {
  let resolved = text;
  for (const [whole, body] of text.matchAll(DYNAMIC_REFERENCE)) {
    const value = await scope.dynamic(body ?? '');
    resolved = resolved.replace(whole, () => value);
  }
  return resolved;
}

/** Every logical id that a value refers to, by `Ref`, `Fn::GetAtt` or `Fn::Sub`. */
export function referencesIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'Ref') return [String(value)];
    if (key === 'Fn::GetAtt') return [String(Array.isArray(value) ? value[0] : String(value).split('.')[0])];
    const named = key === 'Fn::Sub' ? substituted(value) : [];
    return [...named, ...referencesIn(value)];
  });
}

function substituted(argument: unknown): string[] {
  const text = String(Array.isArray(argument) ? argument[0] : argument);
  return [...text.matchAll(/\$\{(?!!)([^}.]+)/g)].map(([, name]) => name ?? '');
}
