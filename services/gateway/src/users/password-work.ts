import { ProblemError } from '../http/problem';

/** So many passwords are worked on at once; each takes 32 MiB and one of the four threads that also look up names. */
const AT_ONCE = 2;
/** So many more wait: the last for about four seconds. */
const MOST_WAITING = 32;

/** Lets few passwords be checked at once, and refuses whom it would keep waiting for too long. */
export class PasswordWork {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws ProblemError when too many wait, or what `work` throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) {
        throw new ProblemError('unavailable', 'Too many are signing in at once; try again in a moment.', {
          headers: { 'retry-after': '5' },
        });
      }
      // Whoever ends gives his place to the next, so that the count stays.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
