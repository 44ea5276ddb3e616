import Table from 'cli-table3';
import type { Colours } from '../../core/shared/colours';
import type { DemoReport } from './demo';
import type { StepReport } from './steps';
import { bytes, count, counted, duration } from '../../core/shared/units';

/** What the demo showed, as a table and a verdict. */
export function summaryOf(report: DemoReport, colours: Colours): string {
  const table = new Table({
    head: ['step', 'result', 'rows', 'size', 'time', 'throughput'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const step of report.steps) {
    table.push([
      step.title,
      stateOf(step, colours),
      step.rows === undefined ? '' : count(step.rows),
      step.bytes === undefined ? '' : bytes(step.bytes),
      step.state === 'not run' ? '' : duration(step.durationMs),
      throughputOf(step),
    ]);
  }
  return [table.toString(), honestyOf(report, colours), verdictOf(report, colours), ''].join('\n');
}

function stateOf({ state }: StepReport, colours: Colours): string {
  return state === 'passed' ? colours.green('passed') : colours.red(state);
}

function throughputOf({ rows, bytes: size, durationMs }: StepReport): string {
  const perSecond = (amount: number) => amount / (durationMs / 1000);
  if (size !== undefined) return `${bytes(Math.round(perSecond(size)))}/s`;
  return rows === undefined ? '' : `${count(Math.round(perSecond(rows)))} rows/s`;
}

/** What ran for real and what only has a name here. */
function honestyOf({ resources }: DemoReport, colours: Colours): string {
  if (resources.length === 0) return '';
  const of = (treatment: string) => resources.filter((resource) => resource.treatment === treatment);
  const typesOf = (treatment: string) =>
    [...new Set(of(treatment).map(({ type }) => type.replace(/^AWS::/, '').replace('::', ' ')))]
      .sort()
      .join(', ');
  return [
    `Of ${counted(resources.length, 'resource')} in the templates:`,
    ...(['executed', 'modelled', 'refused'] as const).map((treatment) =>
      `  ${count(of(treatment).length).padStart(4)} ${treatment}  ${colours.dim(wrapped(typesOf(treatment)))}`.trimEnd(),
    ),
    '',
  ].join('\n');
}

const INDENT = 17;
const WIDTH = 100;

function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (INDENT + line.length + word.length < WIDTH)
      lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(INDENT)}`);
}

function verdictOf({ passed, steps, durationMs }: DemoReport, colours: Colours): string {
  const good = steps.filter(({ state }) => state === 'passed').length;
  const tally = `${good} of ${counted(steps.length, 'step')} passed in ${duration(durationMs)}`;
  return passed
    ? colours.green(`${tally}: the backup restores to the same database, and nothing broken passes for one.`)
    : colours.red(`${tally}: read the failed step above.`);
}
