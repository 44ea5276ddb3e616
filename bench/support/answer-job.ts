import { readFileSync } from 'node:fs';

/** The child's side: does the one job, tells what was measured, and ends. */
export function answerJob<Job, Measured>(work: (job: Job) => Promise<Measured>): void {
  process.on('message', (job: Job) => {
    work(job).then(
      (measured) => process.send!(measured, () => process.disconnect()),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}

/** The most that this process ever had in memory, bytes: VmHWM, because a child's rusage begins with its parent's. */
export function peakBytes(): number {
  try {
    const highWater = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    if (highWater) return Number(highWater[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

/** What the processes that we started and that have ended took of the processors, seconds; 0 where nobody counts. */
export function childrenProcessorSeconds(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // From the third field on; the sixteenth and the seventeenth are theirs, in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    // Not Linux.
    return 0;
  }
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}
