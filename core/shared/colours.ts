import { createColors } from 'picocolors';

export type Colours = ReturnType<typeof createColors>;

/**
 * Colours on a terminal only, and never where NO_COLOR is set (https://no-color.org). A pipe's `isTTY` is undefined,
 * for which picocolors would look at CI and FORCE_COLOR itself: it is told a boolean.
 */
export function coloursFor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Colours {
  return createColors(stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb');
}
