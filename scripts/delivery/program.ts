import { GoLiveError } from '../../core/shared/errors';

/** What a program of the delivery ends with when it did what it should, and the answer is no. */
export const REFUSED = 1;
/** And when it could not tell. */
export const BROKEN = 2;

/** Runs a program: an error of ours is a message for people, with its code; any other shows where it comes from. */
export function runProgram(main: () => Promise<number | void>): void {
  // Whatever it throws, also before it awaits anything.
  Promise.resolve()
    .then(main)
    .then(
      (exitCode) => {
        process.exitCode = exitCode ?? 0;
      },
      (error: unknown) => {
        console.error(error instanceof GoLiveError ? `${error.code}: ${error.message}` : error);
        process.exitCode = BROKEN;
      },
    );
}
