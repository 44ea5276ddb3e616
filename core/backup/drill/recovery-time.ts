/** What a recovery takes, at the size of the live database. */
export interface RecoveryTime {
  readonly seconds: number;
  /** With the figures, for whoever doubts it. */
  readonly formula: string;
}

/**
 * A recovery's time is taken to grow as the database does. That is too much for what does not grow, such as the
 * start of pg_restore, and too little for an index that no longer fits into memory.
 *
 * @param dumpBytes the database's size when it was dumped
 * @param liveBytes its size now; undefined when it is not known, and then the measured time stands
 */
export function extrapolate(
  recoverySeconds: number,
  dumpBytes: number,
  liveBytes: number | undefined,
): RecoveryTime {
  if (liveBytes === undefined || dumpBytes === 0) {
    const unknown = liveBytes === undefined ? "the live database's size" : 'the size of what was dumped';
    return { seconds: recoverySeconds, formula: `${recoverySeconds} s as measured; ${unknown} is not known` };
  }
  const seconds = rounded(recoverySeconds * Math.max(1, liveBytes / dumpBytes));
  return {
    seconds,
    formula: `${recoverySeconds} s × max(1, ${liveBytes} bytes live ÷ ${dumpBytes} bytes dumped) = ${seconds} s`,
  };
}

/** Seconds of milliseconds, as a record holds them. */
export function secondsOf(milliseconds: number): number {
  return rounded(milliseconds / 1000);
}

/** To the millisecond. */
export function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
