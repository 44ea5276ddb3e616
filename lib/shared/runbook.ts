/** Where an alarm sends its reader: `See docs/runbook.md#backup-dump-failing`. */
export function runbook(...words: readonly string[]): string {
  return `See docs/runbook.md#${words.join('-')}`;
}
