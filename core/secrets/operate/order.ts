import { isDatabaseUser, type OperatedSecret } from './secret';

/**
 * All that rotates by itself, in the order of the harm that a failure would do, one by one: a key ring asks nobody
 * for help, and a new ring changes nothing at once; the cache's user and the dumps' login have one kind of client
 * each; then the services' login. The master comes last: the functions of the other logins change passwords as the
 * master, so while it rotates they must not, and if it fails they are done.
 */
export function rotationOrder(secrets: readonly OperatedSecret[]): OperatedSecret[] {
  return secrets
    .filter(({ kind }) => kind !== 'set-by-people')
    .map((secret, index) => ({ secret, index }))
    .sort((one, other) => rank(one.secret) - rank(other.secret) || one.index - other.index)
    .map(({ secret }) => secret);
}

function rank(secret: OperatedSecret): number {
  if (secret.kind === 'key-ring') return 0;
  if (!isDatabaseUser(secret)) return 1;
  if (secret.name === 'master') return 4;
  return secret.kind === 'single-user' ? 2 : 3;
}
