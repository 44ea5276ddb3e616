import { parseArgs } from 'node:util';
import { GoLiveError } from '../../../../core/shared/errors';

export type Command =
  | { readonly name: 'serve' }
  | { readonly name: 'migrate' }
  | { readonly name: 'create-user'; readonly email: string; readonly displayName: string };

/** The program was called in a way that it does not know. */
export class UsageError extends GoLiveError {
  readonly code = 'UsageError';
}

const USAGE = 'use: main.js | main.js migrate | main.js create-user --email ADDRESS --name NAME < password';

/** @throws UsageError */
export function readCommand(args: readonly string[]): Command {
  const { positionals, values } = parse(args);
  const [name = 'serve', ...others] = positionals;
  const { email, name: displayName } = values;
  if (others.length > 0) throw new UsageError(`"${others.join(' ')}" is not known; ${USAGE}`);
  if (name === 'create-user') {
    if (email && displayName) return { name, email, displayName };
    throw new UsageError(`create-user needs --email and --name; ${USAGE}`);
  }
  if (email !== undefined || displayName !== undefined) {
    throw new UsageError(`--email and --name are of create-user; ${USAGE}`);
  }
  if (name === 'serve' || name === 'migrate') return { name };
  throw new UsageError(`there is no command "${name}"; ${USAGE}`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { email: { type: 'string' }, name: { type: 'string' } },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; ${USAGE}`, { cause: error });
  }
}
