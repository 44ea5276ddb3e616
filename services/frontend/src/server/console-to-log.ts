import { format, stripVTControlCharacters } from 'node:util';
import type { RuntimeLog } from './runtime';

/** Next.js and React write to the console; a log of JSON lines is no place for other lines. */
export function consoleToLog(log: RuntimeLog, console = globalThis.console): void {
  const to =
    (level: keyof RuntimeLog) =>
    (...args: unknown[]) => {
      const err = args.find((arg) => arg instanceof Error);
      const text = stripVTControlCharacters(format(...args.filter((arg) => arg !== err))).trim();
      log[level]({ from: 'console', ...(err && { err }) }, text || err?.message || 'nothing');
    };
  console.log = console.info = console.debug = to('info');
  console.warn = console.trace = to('warn');
  console.error = to('error');
}

/** Node's own warnings, such as that something is deprecated, would otherwise come by the console as errors. */
export function warningsToLog(log: RuntimeLog, process = globalThis.process): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log.warn({ from: 'node', warning: name }, message));
}
