import { tmpdir } from 'node:os';
import { GoLiveError } from './errors';

/** What lies on this machine for a moment, such as a password file, could not be written there. */
export class TemporaryFolderError extends GoLiveError {
  readonly code = 'TemporaryFolderError';
}

/**
 * Does something in the machine's temporary folder, and says which folder it was when the file system refuses.
 *
 * @param what that could not be done, as the beginning of a sentence
 * @param folder @default - the machine's
 * @throws TemporaryFolderError, or what `work` throws of our own
 */
export async function inTemporaryFolder<T>(
  what: string,
  work: () => Promise<T>,
  folder = tmpdir(),
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GoLiveError) throw error;
    const { message, stderr } = error as { message?: string; stderr?: string };
    throw new TemporaryFolderError(
      `${what} in ${folder}: ${stderr?.trim() || message || String(error)}; free space there, give the function more ephemeral storage, or let TMPDIR name a folder that may be written to`,
      { cause: error },
    );
  }
}
