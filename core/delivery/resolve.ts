import { resolveCondition, type Resolver, type Truth } from './conditions';
import { parseSubstitution } from './substitution';
import { intrinsicOf, isMap, type Template, type Value, type ValueMap } from './template';

/** What is known of a stack beside its template. */
export interface StackFacts {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** The parameters' values as they are deployed, those that are hidden left out. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** What can be known of a template before it is deployed. */
export function resolverOf(template: Template, facts: StackFacts): Resolver {
  const truths = new Map<string, Truth>();
  const settle = (value: Value): Value | undefined => settleIn(value, { template, facts, exists, settle });
  function exists(condition: string | undefined): Truth {
    if (condition === undefined) return true;
    const known = truths.get(condition);
    if (known !== undefined) return known;
    truths.set(condition, 'unknown'); // one that asks for itself ends here
    const definition = template.Conditions[condition];
    const truth = definition === undefined ? 'unknown' : resolveCondition(definition, { exists, settle });
    truths.set(condition, truth);
    return truth;
  }
  return { exists, settle };
}

interface Context extends Resolver {
  readonly template: Template;
  readonly facts: StackFacts;
}

function settleIn(value: Value, context: Context): Value | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return null;
  if (Array.isArray(value)) return settleItems(value as readonly Value[], context);
  const intrinsic = intrinsicOf(value);
  if (intrinsic) return settleIntrinsic(...intrinsic, context);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      const settled = context.settle(part);
      return settled === undefined ? [] : [[key, settled]];
    }),
  );
}

function settleItems(items: readonly Value[], { settle }: Context): Value[] {
  return items.map((item) => settle(item)).filter((item) => item !== undefined);
}

function settleIntrinsic(name: string, argument: Value, context: Context): Value | undefined {
  const { settle } = context;
  switch (name) {
    case 'Ref':
      return typeof argument === 'string' ? settleReference(argument, context) : { Ref: argument };
    case 'Fn::GetAtt':
      return { 'Fn::GetAtt': attributeOf(argument) };
    case 'Fn::If':
      return settleChoice(argument, context);
    case 'Fn::Join':
      return settleJoin(settle(argument) ?? null);
    case 'Fn::Sub':
      return settle(parseSubstitution(argument));
    case 'Fn::Select':
      return settleSelection(settle(argument) ?? null);
    case 'Fn::Split':
      return settleSplit(settle(argument) ?? null);
    case 'Fn::FindInMap':
      return settleMapping(settle(argument) ?? null, context.template);
    default:
      return { [name]: settle(argument) ?? null };
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html */
function settleReference(name: string, { template, facts, settle }: Context): Value | undefined {
  switch (name) {
    case 'AWS::NoValue':
      return undefined;
    case 'AWS::Region':
      return facts.region;
    case 'AWS::AccountId':
      return facts.account;
    case 'AWS::StackName':
      return facts.name;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    default: {
      const parameter = template.Parameters[name];
      // What Systems Manager holds is known when it is deployed, and what is hidden stays so.
      if (!parameter || /^AWS::SSM::/.test(parameter.Type) || String(parameter.NoEcho) === 'true')
        return { Ref: name };
      const value = facts.parameters?.[name] ?? parameter.Default;
      return value === undefined ? { Ref: name } : settle(value);
    }
  }
}

/** `Database.Endpoint.Port` is `['Database', 'Endpoint.Port']`. */
function attributeOf(argument: Value): Value {
  if (typeof argument !== 'string') return argument;
  const [id = '', ...attribute] = argument.split('.');
  return [id, attribute.join('.')];
}

function settleChoice(argument: Value, { exists, settle }: Context): Value | undefined {
  if (!Array.isArray(argument) || argument.length !== 3) return { 'Fn::If': argument };
  const [condition, then, otherwise] = argument as [Value, Value, Value];
  switch (exists(typeof condition === 'string' ? condition : '')) {
    case true:
      return settle(then);
    case false:
      return settle(otherwise);
    case 'unknown':
      return {
        'Fn::If': [condition, ...[then, otherwise].map((part) => settle(part) ?? { Ref: 'AWS::NoValue' })],
      };
  }
}

/** Text where all of it is known; else a join by nothing, with neighbouring texts made one. */
function settleJoin(argument: Value): Value {
  const [separator, parts] = Array.isArray(argument) ? (argument as Value[]) : [];
  if (typeof separator !== 'string' || !Array.isArray(parts)) return { 'Fn::Join': argument };
  const flat = (parts as Value[])
    .flatMap((part, index) => (index === 0 ? [part] : [separator, part]))
    .flatMap((part) => joinedParts(part));
  const merged = flat.reduce<Value[]>((done, part) => {
    const last = done.at(-1);
    if (typeof part !== 'string' || typeof last !== 'string') return [...done, part];
    return [...done.slice(0, -1), last + part];
  }, []);
  const kept = merged.filter((part) => part !== '');
  if (kept.length === 0) return '';
  return kept.length === 1 && typeof kept[0] === 'string' ? kept[0] : { 'Fn::Join': ['', kept] };
}

/** A join by nothing inside another is its parts. */
function joinedParts(part: Value): readonly Value[] {
  const [name, argument] = intrinsicOf(part) ?? [];
  const [separator, parts] = name === 'Fn::Join' && Array.isArray(argument) ? (argument as Value[]) : [];
  return separator === '' && Array.isArray(parts) ? (parts as Value[]) : [part];
}

function settleSelection(argument: Value): Value {
  const [index, list] = Array.isArray(argument) ? (argument as Value[]) : [];
  const item = Array.isArray(list) ? (list as Value[])[Number(index)] : undefined;
  return item ?? { 'Fn::Select': argument };
}

function settleSplit(argument: Value): Value {
  const [separator, text] = Array.isArray(argument) ? (argument as Value[]) : [];
  return typeof separator === 'string' && separator !== '' && typeof text === 'string'
    ? text.split(separator)
    : { 'Fn::Split': argument };
}

function settleMapping(argument: Value, { Mappings }: Template): Value {
  const [map, first, second] = Array.isArray(argument) ? (argument as Value[]) : [];
  const found =
    typeof map === 'string' && typeof first === 'string' && typeof second === 'string'
      ? (Mappings[map]?.[first]?.[second] as Value | undefined)
      : undefined;
  return found ?? { 'Fn::FindInMap': argument };
}

/**
 * Whether CloudFormation would see no difference. GetTemplate gives a question mark for what is not ASCII, as the CDK's own
 * diff knows too, so that such letters say nothing; the order of keys does not count, that of a list does.
 */
export function isSame(before: Value | undefined, after: Value | undefined): boolean {
  if (before === after) return true;
  if (typeof before === 'string' && typeof after === 'string') return ascii(before) === ascii(after);
  if (Array.isArray(before) && Array.isArray(after)) {
    const [one, other] = [before as readonly Value[], after as readonly Value[]];
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  }
  return isMap(before) && isMap(after) && isSameMap(before, after);
}

function isSameMap(before: ValueMap, after: ValueMap): boolean {
  const keys = Object.keys(before);
  return (
    keys.length === Object.keys(after).length &&
    keys.every((key) => Object.hasOwn(after, key) && isSame(before[key], after[key]))
  );
}

function ascii(text: string): string {
  return text.replace(/[\u{80}-\u{10ffff}]/gu, '?');
}
