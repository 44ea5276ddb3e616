/** Memory that Fargate gives with so many processor units, MiB. */
interface MemoryRange {
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

const GIB = 1024;
const gib = (least: number, most: number, step = 1): MemoryRange => ({
  least: least * GIB,
  most: most * GIB,
  step: step * GIB,
});

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size */
const MEMORY: Readonly<Record<number, MemoryRange>> = {
  512: gib(1, 4),
  1024: gib(2, 8),
  2048: gib(4, 16),
  4096: gib(8, 30),
  8192: gib(16, 60, 4),
  16384: gib(32, 120, 8),
};

/** The smallest task's memory grows in no even steps. */
const SMALLEST = { cpu: 256, memoryMiB: [512, 1024, 2048] };

/**
 * What memory Fargate gives a task of this size, in words, when it does not give this one; undefined when it does.
 *
 * @param cpu processor units, 1,024 to a core
 */
export function fargateMemoryProblem(cpu: number, memoryMiB: number): string | undefined {
  if (cpu === SMALLEST.cpu) {
    return SMALLEST.memoryMiB.includes(memoryMiB)
      ? undefined
      : `${SMALLEST.memoryMiB.join(', ')}, as Fargate gives with ${cpu} processor units`;
  }
  const range = MEMORY[cpu];
  if (!range) return undefined; // the schema says so
  const { least, most, step } = range;
  return memoryMiB >= least && memoryMiB <= most && (memoryMiB - least) % step === 0
    ? undefined
    : `${least / GIB} to ${most / GIB} GiB in steps of ${step / GIB} GiB, as Fargate gives with ${cpu} processor units`;
}
