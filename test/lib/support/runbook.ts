import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What every section on an alarm says, in this order. */
export const PARTS = ['What it means.', 'Look.', 'Mend.', 'Mended when', 'When not to.'] as const;

/** Sections by their anchors: those of the second level, with what stands below them. */
export function sectionsOf(markdown: string): ReadonlyMap<string, string> {
  return new Map(
    markdown
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [heading = '', ...body] = section.split('\n');
        return [anchorOf(heading), body.join('\n')];
      }),
  );
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

export const RUNBOOK = readFileSync(join(__dirname, '../../../docs/runbook.md'), 'utf8');

/** The parts that a section lacks, and those that stand in another order. */
export function missingParts(section: string): string[] {
  const at = PARTS.map((part) => section.indexOf(`**${part}`));
  return PARTS.filter((_, index) => {
    const here = at[index] as number;
    return here < 0 || at.slice(0, index).some((before) => before > here);
  });
}
