import { together, type Answer } from '../gateway/answer';
import type { ProjectPage, Status, User } from '../gateway/answers';
import type { Caller } from '../gateway/gateway';
import { runtime } from '../server/runtime';

/** Projects on one page. */
const PROJECTS = 20;
/** Longer than any cursor. */
const LONGEST_CURSOR = 100;

/** All that the status page shows. The gateway is asked for the three at once. */
export async function readStatus(
  caller: Caller,
  after: string | undefined,
): Promise<Answer<readonly [User, Status, ProjectPage]>> {
  const { gateway } = runtime();
  return together<[User, Status, ProjectPage]>(
    await Promise.all([
      gateway.me(caller),
      gateway.status(caller),
      gateway.projects(caller, { limit: PROJECTS, cursor: after }),
    ]),
  );
}

/** The cursor in the page's address; one that no list has given is left out. */
export function cursorOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && /^[\w-]+$/.test(value) && value.length <= LONGEST_CURSOR
    ? value
    : undefined;
}
