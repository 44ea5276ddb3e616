/** Bytes. */
export const GIB = 2 ** 30;

/** What a class of RDS instances has. */
export interface InstanceClass {
  readonly memoryBytes: number;
  readonly processors: number;
  /** Whether it saves up processor time and lives on it. */
  readonly isBurstable: boolean;
}

/**
 * By the class's name: within a family memory and processors double with each size.
 * https://aws.amazon.com/rds/instance-types/
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
 *
 * @param instanceClass such as `t4g.medium` or `r8g.large`, as the configuration takes them
 */
export function instanceClassOf(instanceClass: string): InstanceClass {
  const [family = '', size = ''] = instanceClass.split('.');
  const times = size.endsWith('xlarge') ? Number(size.replace('xlarge', '') || 1) : undefined;
  const small = { micro: 1, small: 2, medium: 4, large: 8 }[size];
  // A memory-optimised class has twice what a general one of its size has.
  const factor = family.startsWith('r') ? 2 : 1;
  const isBurstable = family.startsWith('t');
  return {
    memoryBytes: factor * (small ?? 16 * (times ?? 1)) * GIB,
    // A medium one of a family that does not burst has one.
    processors: times === undefined ? (size === 'medium' && !isBurstable ? 1 : 2) : 4 * times,
    isBurstable,
  };
}
