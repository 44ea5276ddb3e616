import type { SentryApi } from './client';
import { SentryUncertainError } from './errors';

const ATTEMPTS = 3;
const WAIT_MS = 1000;

/**
 * Makes something that Sentry would make twice if it were asked twice. When an answer gets lost, it looks whether the
 * thing is there before it asks again.
 *
 * @param find what is there by now; undefined when it is not
 * @throws what `create` and `find` throw, but SentryUncertainError only when it was not there after each attempt
 */
export async function createOnce<T>(
  api: Pick<SentryApi, 'pause'>,
  { create, find }: { readonly create: () => Promise<T>; readonly find: () => Promise<T | undefined> },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof SentryUncertainError)) throw error;
      await api.pause(WAIT_MS * attempt);
      const there = await find();
      if (there !== undefined) return there;
      if (attempt >= ATTEMPTS) throw error;
    }
  }
}
