/**
 * Brings the server's spelling of a definition into one form that a dump and restore keep.
 *
 * `status IN ('new', 'paid')` on a varchar column is stored, and written by the server, as
 * `(status)::text = ANY ((ARRAY['new'::character varying, 'paid'::character varying])::text[])`. When pg_dump's
 * text of it is read back, the parser hands the cast of an ARRAY[…] down to its elements (transformTypeCast in
 * PostgreSQL's parse_expr.c), and from then on it is written as
 * `ARRAY[('new'::character varying)::text, ('paid'::character varying)::text]`. Both mean the same, and nearly
 * every application has such a constraint, so the first form is turned into the second.
 */
export function canonicalDefinition(definition: string | null): string | null {
  if (definition === null) return null;
  let text = definition;
  let searchFrom = 0;
  for (;;) {
    const start = text.indexOf(OPENING, searchFrom);
    if (start < 0) return text;
    const cast = castArrayAt(text, start);
    // What was rewritten does not begin with OPENING any more, and an element of it may.
    if (cast) text = `${text.slice(0, start)}${cast.rewritten}${text.slice(cast.end)}`;
    searchFrom = cast ? start : start + OPENING.length;
  }
}

const OPENING = '(ARRAY[';

/** Reads `(ARRAY[…])::type[]` at `start`; undefined when there is something else. */
function castArrayAt(text: string, start: number): { rewritten: string; end: number } | undefined {
  const array = bracketAt(text, start + OPENING.length - 1);
  if (!array || text[array.end] !== ')') return undefined;
  // A type's name: words, quoted identifiers and dots, perhaps with a length.
  const type = /^\)::((?:[\w. ]|"(?:[^"]|"")*")+(?:\([\d,]+\))?)\[\]/.exec(
    text.slice(array.end, array.end + 300),
  );
  if (!type) return undefined;
  return { rewritten: withCast(array.elements, type[1]!), end: array.end + type[0].length };
}

function withCast(elements: readonly string[], type: string): string {
  const cast = elements.map((element) => {
    const inner = element.startsWith('ARRAY[') ? bracketAt(element, 'ARRAY['.length - 1) : undefined;
    return inner?.end === element.length ? withCast(inner.elements, type) : `(${element})::${type}`;
  });
  return `ARRAY[${cast.join(', ')}]`;
}

/** The elements between a `[` and its `]`, and where it ends; undefined when it does not. */
function bracketAt(text: string, open: number): { elements: string[]; end: number } | undefined {
  const elements: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === "'" || character === '"') {
      // A doubled quote ends one literal and begins the next, which comes to the same.
      at = text.indexOf(character, at + 1);
      if (at < 0) return undefined;
    } else if (character === '[' || character === '(') {
      depth += 1;
    } else if (character === ']' || character === ')') {
      depth -= 1;
      if (depth > 0) continue;
      if (at > from) elements.push(text.slice(from, at).trim());
      return { elements, end: at + 1 };
    } else if (character === ',' && depth === 1) {
      elements.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return undefined;
}
