import { isMap, type Value, type ValueMap } from './template';

/**
 * `Fn::Sub` written as the `Fn::Join` that means the same: `${Bucket.Arn}/x` is the attribute and then `/x`. `${!x}` is the
 * text `${x}`.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-sub.html
 */
export function parseSubstitution(argument: Value): Value {
  const [text, variables] = Array.isArray(argument) ? (argument as Value[]) : [argument];
  if (typeof text !== 'string') return { 'Fn::Join': ['', [argument]] };
  const known = isMap(variables) ? variables : {};
  const parts = text
    .split(/(\$\{[^}]*\})/)
    .filter((part) => part !== '')
    .map((part) => partOf(part, known));
  return { 'Fn::Join': ['', parts] };
}

function partOf(part: string, variables: ValueMap): Value {
  const name = /^\$\{([^}]*)\}$/.exec(part)?.[1]?.trim();
  if (name === undefined) return part;
  if (name.startsWith('!')) return `\${${name.slice(1)}}`;
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (variable !== undefined) return variable;
  const [id, ...attribute] = name.split('.');
  return attribute.length > 0 && id !== undefined
    ? { 'Fn::GetAtt': [id, attribute.join('.')] }
    : { Ref: name };
}
