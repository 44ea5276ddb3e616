/** What a template says, and so whoever wrote it, as code: nothing in it is a mention, a link, a picture or a heading. */
export function code(text: string, longest = 200): string {
  const line = shorten(text.replace(/\s+/g, ' ').trim(), longest);
  if (line === '') return '` `';
  const fence = '`'.repeat(Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/**
 * Text that may hold what a template says, as text: no tag, no mention, no link, no emphasis.
 *
 * @param longest in characters
 */
export function plain(text: string, longest = 800): string {
  return shorten(text.replace(/\s+/g, ' '), longest)
    .replace(/[&<>"'`@#[\]*_~|\\!]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/:\/\//g, ':&#47;&#47;');
}

/** A part that is folded until somebody opens it. */
export function folded(summary: string, lines: readonly string[]): string {
  return `<details><summary>${summary}</summary>\n\n${lines.join('\n')}\n\n</details>`;
}

/** Bytes of a text as it travels. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

function shorten(text: string, longest: number): string {
  const characters = [...text];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text;
}
