import pino, { type DestinationStream } from 'pino';

/**
 * Standard output, written line by line and at once: what was logged has left, however the process ends.
 *
 * pino's own default writes later. A crash loses the last lines, and a process whose reader has gone tries to write them
 * for ever as it ends, standing still meanwhile, SIGTERM or not. Here nothing is left to flush, so flushing is left out.
 */
export function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  output.flushSync = () => undefined;
  return output;
}
