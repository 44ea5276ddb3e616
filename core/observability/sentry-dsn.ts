import { jsonOrUndefined } from '../shared/json';

/** The DSN that a secret holds, as its whole text or as the `dsn` of a JSON object; undefined when it holds none. */
export function dsnInSecret(text: string | undefined): string | undefined {
  const secret = text?.trim() ?? '';
  const candidate = secret.startsWith('{') ? dsnOf(jsonOrUndefined(secret)) : secret;
  if (candidate === undefined || !URL.canParse(candidate)) return undefined;
  const url = new URL(candidate);
  const isDsn = /^https?:$/.test(url.protocol) && url.username !== '' && /\/\d+$/.test(url.pathname);
  return isDsn ? candidate : undefined;
}

function dsnOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'dsn' in value && typeof value.dsn === 'string'
    ? value.dsn
    : undefined;
}
