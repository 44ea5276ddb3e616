type Fields = Readonly<Record<string, string | number>>;

/** Where what is said once is said: Powertools' logger, or whatever takes a message and its fields. */
export interface OnceLogger {
  info(message: string, fields: Fields): void;
  warn(message: string, fields: Fields): void;
}

/** Logs each message the first time that it comes, and never again while the process lives. */
export type SayOnce = (level: keyof OnceLogger, message: string, fields?: Fields) => void;

export function sayOnceTo(logger: OnceLogger): SayOnce {
  const said = new Set<string>();
  return (level, message, fields = {}) => {
    if (said.has(message)) return;
    said.add(message);
    logger[level](message, fields);
  };
}
