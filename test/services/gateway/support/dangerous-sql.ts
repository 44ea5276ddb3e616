/**
 * What a migration may not do while the version before it still serves: an old and a new gateway run side by side, so a
 * change is made in two steps, first what both can live with and, a version later, what the old one needed.
 */
interface Danger {
  readonly what: string;
  readonly pattern: RegExp;
  /** Whether it does no harm to a table that the same file has made. */
  readonly isHarmlessOnNew?: boolean;
}

const NAME = '(?:if (?:not )?exists )?(?:only )?([\\w."]+)';
const ALTER = `alter table ${NAME} `;

const DANGERS: readonly Danger[] = [
  { what: 'drops a table', pattern: new RegExp(`\\bdrop table ${NAME}`) },
  { what: 'drops a schema, type, function or view', pattern: /\bdrop (?:schema|type|function|view)\b/ },
  {
    what: 'drops a column',
    pattern: new RegExp(`${ALTER}.*\\bdrop (?:column )?(?!constraint|default|not null|expression|identity)`),
  },
  { what: 'renames', pattern: new RegExp(`${ALTER}.*\\brename\\b`) },
  {
    what: 'changes the type of a column',
    pattern: new RegExp(`${ALTER}.*\\balter (?:column )?\\S+ (?:set data )?type\\b`),
    isHarmlessOnNew: true,
  },
  {
    what: 'asks for a value that the old version does not write',
    pattern: new RegExp(`${ALTER}.*\\bset not null\\b`),
    isHarmlessOnNew: true,
  },
  {
    what: 'adds a column that must have a value and has no default',
    pattern: new RegExp(
      `${ALTER}.*\\badd (?:column )?(?!constraint\\b)(?=[^,]*\\bnot null\\b)(?![^,]*\\bdefault\\b)`,
    ),
    isHarmlessOnNew: true,
  },
  {
    what: 'checks every row under a lock: say NOT VALID, and validate in a file of its own',
    pattern: new RegExp(`${ALTER}.*\\badd constraint(?!.*\\bnot valid\\b)`),
    isHarmlessOnNew: true,
  },
  {
    what: 'builds an index under a lock: say CONCURRENTLY',
    pattern: /\bcreate (?:unique )?index (?!concurrently\b).*?\bon (?:only )?([\w."]+)/,
    isHarmlessOnNew: true,
  },
  {
    what: 'may be run twice, and so must say IF NOT EXISTS',
    pattern: /\bcreate (?:unique )?index concurrently (?!if not exists\b)/,
  },
  { what: 'rewrites or empties a table', pattern: /\b(?:truncate|cluster|vacuum full|lock table)\b/ },
  {
    what: 'leaves the transaction or the role that it is run in',
    pattern: /^(?:begin|commit|rollback|set (?:role|session)|reset|discard)\b/,
  },
];

/** In a file: what it does all the same, and why. `-- dangerous: drops a column: nobody reads it since 1.9` */
const EXCUSE = /^-- *dangerous: *([^:\n]+): *\S/gim;

/** What is dangerous in a migration and not excused by it, in words. */
export function dangersIn(sql: string): string[] {
  const excused = new Set([...sql.matchAll(EXCUSE)].map(([, what]) => what!.trim().toLowerCase()));
  const statements = statementsOf(sql);
  const made = new Set(
    statements.flatMap((statement) => new RegExp(`^create table ${NAME}`).exec(statement)?.[1] ?? []),
  );
  const dangers = statements.flatMap((statement) =>
    DANGERS.flatMap(({ what, pattern, isHarmlessOnNew }) => {
      const found = pattern.exec(statement);
      if (!found || (isHarmlessOnNew && made.has(found[1] ?? ''))) return [];
      return excused.has(what.split(':')[0]!) ? [] : [`${what} (${statement.slice(0, 80)})`];
    }),
  );
  const isAlone = /^--\s*outside a transaction:/im.test(sql);
  const needsToBe = statements.some((statement) => /\bconcurrently\b/.test(statement));
  if (isAlone && statements.length !== 1) dangers.push('is outside a transaction and not one statement');
  if (needsToBe && !isAlone) dangers.push('must say "-- outside a transaction: why"');
  return dangers;
}

/** Each in lower case, on one line, without comments and without what stands in quotes. */
function statementsOf(sql: string): string[] {
  return sql
    .replace(/--.*$/gm, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(\$\w*\$)[\s\S]*?\1/g, "''")
    .replace(/'(?:[^']|'')*'/g, "''")
    .split(';')
    .map((statement) => statement.replace(/\s+/g, ' ').trim().toLowerCase())
    .filter((statement) => statement !== '');
}
