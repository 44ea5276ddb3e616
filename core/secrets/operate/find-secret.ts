import { GoLiveError } from '../../shared/errors';
import type { OperatedSecret } from './secret';

/** No secret of the environment is called so. */
export class NoSuchSecretError extends GoLiveError {
  readonly code = 'NoSuchSecretError';
}

/**
 * The one secret of that name.
 *
 * @throws NoSuchSecretError
 */
export function findSecret<Secret extends Pick<OperatedSecret, 'name'>>(
  secrets: readonly Secret[],
  name: string,
): Secret {
  const found = secrets.find((secret) => secret.name === name);
  if (found) return found;
  const known = secrets.map((secret) => secret.name).join(', ');
  throw new NoSuchSecretError(
    `no secret of this environment is called ${quoted(name)}; ${known === '' ? 'it has none' : `there are: ${known}`}`,
  );
}

const LONGEST_SHOWN = 60;

/** What somebody typed, for a terminal: without what would move its cursor or change its colours. */
function quoted(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
  return `"${plain.length > LONGEST_SHOWN ? `${plain.slice(0, LONGEST_SHOWN)}…` : plain}"`;
}
