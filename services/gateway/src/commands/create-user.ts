import { text } from 'node:stream/consumers';
import type { Logger } from '@golive/observability';
import type { GatewayEnvironment } from '../environment';
import { saveUser } from '../users/save-user';
import { withOneSession } from './one-session';

/**
 * Makes a user, or gives one that there is a new name and password. The password comes by standard input: what stands
 * in arguments everybody on the machine can read.
 *
 * @throws UserRefusedError, or what the database says
 */
export async function createUser(options: {
  readonly environment: GatewayEnvironment;
  readonly log: Logger;
  readonly email: string;
  readonly displayName: string;
}): Promise<void> {
  const { environment, log, email, displayName } = options;
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  const user = { email, name: displayName, password };
  const { id, isNew } = await withOneSession(environment, log, 'golive-create-user', (client) =>
    saveUser(client, user),
  );
  log.info(
    { userId: id },
    isNew ? 'the user is made' : 'the user has a new name and password, and is signed out',
  );
}
