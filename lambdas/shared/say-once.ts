import type { Logger } from '@aws-lambda-powertools/logger';

/** Where what is said once is said. */
export type OnceLogger = Pick<Logger, 'info' | 'warn'>;

/** Logs each message the first time that it comes, and never again while the process lives. */
export type SayOnce = (
  level: keyof OnceLogger,
  message: string,
  fields?: Readonly<Record<string, string | number>>,
) => void;

export function sayOnceTo(logger: OnceLogger): SayOnce {
  const said = new Set<string>();
  return (level, message, fields = {}) => {
    if (said.has(message)) return;
    said.add(message);
    logger[level](message, fields);
  };
}
