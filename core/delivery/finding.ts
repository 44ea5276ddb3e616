import { createHash } from 'node:crypto';

/** What a change does to data; all of these stop a merge and a deployment until somebody accepts them. */
export type DataLoss =
  'deletes' | 'may-delete' | 'replaces' | 'may-replace' | 'overwrites' | 'unprotects' | 'leaves-behind';

/**
 * `opens`: everybody may do or reach it. `widens`: somebody may do or reach more. `one-way`: nothing is lost, and nothing
 * brings it back.
 */
export type FindingKind = DataLoss | 'opens' | 'widens' | 'one-way';

/** Something that a reviewer must see before anything else. */
export interface Finding {
  readonly kind: FindingKind;
  readonly environment: string;
  readonly stack: string;
  /** None where it is about the stack itself. */
  readonly logicalId: string | undefined;
  readonly type: string;
  /** The construct's path. */
  readonly path: string | undefined;
  /** A sentence without its subject: `would be replaced by an empty one`. */
  readonly what: string;
  /** Which properties, and through whom. */
  readonly because: readonly string[];
  /** What is left afterwards. */
  readonly afterwards: string | undefined;
  /**
   * The values that make it this finding, as they may be shown: whoever agreed to lose the data for these has not agreed to
   * lose it for others. @default none but what is said
   */
  readonly evidence?: readonly string[];
}

const DATA_LOSS: ReadonlySet<FindingKind> = new Set<DataLoss>([
  'deletes',
  'may-delete',
  'replaces',
  'may-replace',
  'overwrites',
  'unprotects',
  'leaves-behind',
]);

export function losesData({ kind }: Finding): boolean {
  return DATA_LOSS.has(kind);
}

/**
 * 12 hexadecimal digits for exactly this finding: where, what, why and with which values. Whoever accepts it accepts this and not another one
 * that came since.
 */
export function findingId(finding: Finding): string {
  const { kind, environment, stack, logicalId, type, what, because, afterwards, evidence = [] } = finding;
  return digest([kind, environment, stack, logicalId, type, what, because, afterwards, evidence]);
}

/** One id for a set of findings, whatever their order; the same for the same set. */
export function fingerprintOf(findingIds: readonly string[]): string {
  return digest([...new Set(findingIds)].sort());
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
