import { confirm } from '@inquirer/prompts';
import type { Console } from './console';
import { NotConfirmedError } from './errors';

/** @throws NotConfirmedError unless somebody says yes, or said so with --yes */
export async function requireYes(
  output: Console,
  { yes }: { readonly yes?: boolean },
  message: string,
): Promise<void> {
  if (yes) return;
  if (!output.isInteractive) {
    throw new NotConfirmedError('nobody is there to confirm it, and nothing was done; add --yes');
  }
  if (!(await confirm({ message, default: false }))) throw new NotConfirmedError('nothing was done');
}
