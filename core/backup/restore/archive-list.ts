/** A line of the archive's table of contents that is not restored, and why. */
export interface LeftOut {
  /** As `pg_restore --list` shows it, such as `COMMENT - EXTENSION pgcrypto`. */
  readonly entry: string;
  readonly reason: string;
}

export interface ArchiveList {
  /** For `pg_restore --use-list`. */
  readonly text: string;
  /** The ids of the entries that it restores. */
  readonly ids: ReadonlySet<string>;
  readonly leftOut: readonly LeftOut[];
}

/**
 * What a master user of RDS, who is no superuser, cannot do or should not. Anything else that it cannot do
 * fails the restore: nothing is passed over in silence.
 */
const NOT_RESTORED: readonly { readonly entry: RegExp; readonly reason: string }[] = [
  {
    // CREATE EXTENSION sets the very comment from the extension's control file.
    entry: /^COMMENT - EXTENSION /,
    reason: 'only an extension’s owner may comment on it, and CREATE EXTENSION sets the comment already',
  },
  {
    // A restored copy that subscribes would steal the original's replication slot.
    entry: /^(COMMENT|SECURITY LABEL|ACL)? ?-? ?SUBSCRIPTION /,
    reason: 'a copy must not take over the original’s subscription; create it by hand after the switch',
  },
];

const ENTRY = /^(\d+); \d+ \d+ (.*)$/;

/**
 * Turns what `pg_restore --list` prints into a list to restore by. Entries read
 * `<id>; <catalogue's oid> <object's oid> <kind> <schema> <name> <owner>`.
 * https://www.postgresql.org/docs/17/app-pgrestore.html
 */
export function archiveList(listing: string): ArchiveList {
  const leftOut: LeftOut[] = [];
  const ids = new Set<string>();
  const lines = listing.split('\n').map((line) => {
    const [, id, entry] = ENTRY.exec(line) ?? [];
    if (id === undefined || entry === undefined) return line;
    const rule = NOT_RESTORED.find((candidate) => candidate.entry.test(entry));
    if (!rule) {
      ids.add(id);
      return line;
    }
    leftOut.push({ entry: entry.trim(), reason: rule.reason });
    return `;${line}`;
  });
  return { text: lines.join('\n'), ids, leftOut };
}

/** Parts a list in two: the entries that `isFirst` picks by how {@link LeftOut.entry} reads, and the others. */
export function partedList(
  { text, ids, leftOut }: ArchiveList,
  isFirst: (entry: string) => boolean,
): readonly [first: ArchiveList, others: ArchiveList] {
  const firstIds = new Set<string>();
  const lines = text.split('\n').map((line) => {
    const [, id, entry] = ENTRY.exec(line) ?? [];
    if (id === undefined || entry === undefined) return { both: line };
    if (!isFirst(entry)) return { first: `;${line}`, others: line };
    firstIds.add(id);
    return { first: line, others: `;${line}` };
  });
  const textOf = (part: 'first' | 'others') =>
    lines.map((line) => ('both' in line ? line.both : line[part])).join('\n');
  return [
    { text: textOf('first'), ids: firstIds, leftOut: [] },
    { text: textOf('others'), ids: new Set([...ids].filter((id) => !firstIds.has(id))), leftOut },
  ];
}
