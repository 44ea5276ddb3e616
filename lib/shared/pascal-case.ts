/** `dump-freshness` is `DumpFreshness`, as constructs are named. */
export function pascalCase(words: string): string {
  return words.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
}
