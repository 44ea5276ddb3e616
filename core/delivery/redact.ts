import { isSensitiveName, scrubText } from '../observability/scrub';
import { show } from './show';
import { intrinsicOf, isMap, type Value, type ValueMap } from './template';

export const HIDDEN = '(not shown)';

/**
 * A property's value for a comment that everybody reads. What a secret's name goes with is shown only where it is a reference
 * to the secret; what looks like one is taken out wherever it stands. A reference to a secret says where it lies, and stays.
 *
 * @param properties of the resource, for the name that stands beside a value: `{ Name: 'API_TOKEN', Value: … }`
 * @param path below the properties: `ContainerDefinitions.0.Environment.3.Value`
 */
export function showProperty(
  properties: ValueMap | undefined,
  path: string,
  value: Value | undefined,
): string {
  if (value === undefined) return show(value);
  return isNamedSecret(properties, path) && !isReference(value) ? HIDDEN : scrub(show(withoutSecrets(value)));
}

/** Text of ours that holds values of a template. */
export function scrub(text: string): string {
  return text
    .split(/(\{\{resolve:[^}]*(?:\$\{[^}]*\}[^}]*)*\}\})/)
    .map((part) => (part.startsWith('{{resolve:') ? part : scrubText(part)))
    .join('');
}

/** Whether a name on the way to the value, or beside it, says that it is a secret. */
function isNamedSecret(properties: ValueMap | undefined, path: string): boolean {
  let node: Value | undefined = properties;
  for (const key of path.split('.')) {
    if (isSensitiveName(key) || isBesideSecretName(node, key)) return true;
    node = isMap(node)
      ? node[key]
      : Array.isArray(node)
        ? (node as readonly Value[])[Number(key)]
        : undefined;
  }
  return false;
}

function isBesideSecretName(node: Value | undefined, key: string): boolean {
  if (!isMap(node) || !/Value$/.test(key)) return false;
  const name = node['Name'] ?? node['Key'] ?? node['ParameterKey'];
  return typeof name === 'string' && isSensitiveName(name);
}

/** A value with every secret in it hidden that a name gives away. */
function withoutSecrets(value: Value): Value {
  if (intrinsicOf(value)) return value;
  if (Array.isArray(value)) return (value as readonly Value[]).map(withoutSecrets);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      (isSensitiveName(key) || isBesideSecretName(value, key)) && !isReference(part)
        ? HIDDEN
        : withoutSecrets(part),
    ]),
  );
}

/** Only a name of something that lies elsewhere: another resource, or Secrets Manager. */
function isReference(value: Value): boolean {
  return /^(?:\$\{[^}]*\}|\{\{resolve:[^}]*(?:\$\{[^}]*\}[^}]*)*\}\})+$/.test(show(value));
}
