import { intrinsicOf, isMap, type Value } from './template';

/** A settled value for people: text as it is, references as `${Database.Arn}`, objects with their keys in order. */
export function show(value: Value | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return value;
  const intrinsic = intrinsicOf(value);
  if (intrinsic) return showIntrinsic(...intrinsic);
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(showInside).join(', ')}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const parts = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, part]) => `${key}: ${showInside(part)}`);
  return `{${parts.join(', ')}}`;
}

function showInside(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value) : show(value);
}

function showIntrinsic(name: string, argument: Value): string {
  const items = Array.isArray(argument) ? (argument as readonly Value[]) : [];
  if (name === 'Ref') return `\${${show(argument)}}`;
  if (name === 'Fn::GetAtt') return `\${${items.map(show).join('.')}}`;
  if (name === 'Fn::ImportValue') return `\${import ${show(argument)}}`;
  if (name === 'Fn::Join' && items[0] === '' && Array.isArray(items[1]))
    return (items[1] as readonly Value[]).map(show).join('');
  return `\${${name.replace('Fn::', '')} ${show(argument)}}`;
}
