import { count } from '../../core/shared/units';
import { KINDS } from './rotation-lab';
import type { LoadReport, Work } from './rotation-load';

/** What a run under rotation must hold, in words where it does not; empty when it holds all. */
export function problemsOf(
  report: LoadReport,
  wanted: { readonly queries: number; readonly rotations: number; readonly replacements: number },
): string[] {
  const problems: string[] = [];
  const works: readonly (readonly [string, Work])[] = [
    ['queries failed', report.queries],
    ['tokens were not signed', report.signed],
    ['tokens were rejected', report.verified],
    ['values were not encrypted', report.encrypted],
    ['values could not be decrypted', report.decrypted],
    ...KINDS.map((kind) => [`rotations of ${kind} failed`, report.rotated[kind]] as const),
  ];
  for (const [what, { done, failed, reasons }] of works) {
    if (failed > 0) problems.push(`${count(failed)} ${what}: ${[...reasons].join('; ')}`);
    // A run in which nothing was done shows nothing.
    else if (done === 0 && wanted.rotations > 0)
      problems.push(`none was counted of which it is said: ${what}`);
  }
  const { done } = report.queries;
  if (done < wanted.queries) problems.push(`${count(done)} queries were made, not ${count(wanted.queries)}`);
  const { written, found } = report.rows;
  if (written !== found) problems.push(`${count(written)} rows were written and ${count(found)} are there`);
  for (const kind of KINDS) {
    const { done: rotated, replaced } = report.rotated[kind];
    if (rotated < wanted.rotations)
      problems.push(`${kind} rotated ${rotated} times, not ${wanted.rotations}`);
    if (replaced < wanted.replacements) {
      problems.push(`${kind} was replaced ${replaced} times, not ${wanted.replacements}`);
    }
  }
  return problems;
}

/** The value that so many of them are at most. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
