import { counted } from '../shared/units';
import { findingId, fingerprintOf, losesData, type Finding, type FindingKind } from './finding';
import type { EnvironmentDiff, StackDiff } from './compare-environment';
import { stackLines } from './comment-stacks';
import { bytesOf, code, plain, folded } from './markdown';
import { markerOf, type CommentState } from './marker';
import { scrub } from './redact';

/** The label by which somebody says that the data may go. */
export const ACCEPT_LABEL = 'accept-data-loss';

/**
 * GitHub takes 65,536 characters. Counted in bytes, of which no character is shorter.
 * https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
 */
export const COMMENT_BYTES = 65_000;

/** So many findings can be accepted at once. */
const MOST_ACCEPTED = 1000;

/** An environment that could not be compared, and why. */
export interface NotCompared {
  readonly environment: string;
  readonly reason: string;
}

/** `withdrawn`: somebody had accepted another list than this one. */
export type Acceptance = 'none' | 'accepted' | 'withdrawn';

export interface CommentInput {
  readonly diffs: readonly EnvironmentDiff[];
  readonly notCompared: readonly NotCompared[];
  readonly acceptance: Acceptance;
  /** Of the head that was compared. */
  readonly commit: string;
  /** Where all of it can be read. @default nowhere */
  readonly detailsUrl?: string | undefined;
}

/** What the next run, and a deployment, must know of these differences. */
export function stateOf(diffs: readonly EnvironmentDiff[]): CommentState {
  const findings = diffs
    .flatMap((diff) => diff.findings)
    .filter(losesData)
    .map(findingId);
  const distinct = [...new Set(findings)].sort();
  // Thousands are no list that anybody has read: they have a fingerprint, and cannot be accepted one by one.
  return { fingerprint: fingerprintOf(findings), findings: distinct.length > MOST_ACCEPTED ? [] : distinct };
}

/**
 * One comment for all environments: what loses data first, then what opens up, then every change, folded by stack. What
 * does not fit is left out from the end, by whole parts, and it says so.
 */
export function renderComment(input: CommentInput, limitBytes = COMMENT_BYTES): string {
  const findings = input.diffs.flatMap((diff) => diff.findings);
  const page = new Page(limitBytes, input.detailsUrl);
  page.must(markerOf(stateOf(input.diffs)));
  page.must('## What this would change on AWS');
  page.must(summary(input).join('\n'));
  const losses = byGravity(findings.filter(losesData));
  if (losses.length > 0) {
    page.must(
      `### 🛑 ${counted(losses.length, 'change')} that ${losses.length === 1 ? 'loses' : 'lose'} data`,
    );
    page.must(acceptanceText(input.acceptance));
    page.list(losses.map(findingText));
  }
  page.section('### 🔓 Opens up', findings.filter(({ kind }) => kind === 'opens').map(findingText));
  page.section('### One way only', findings.filter(({ kind }) => kind === 'one-way').map(findingText));
  page.fold('🔑 Who may do or reach more', findings.filter(({ kind }) => kind === 'widens').map(findingText));
  page.fold('What this comparison does not know', [...GENERALLY_UNKNOWN, ...unknownOf(input)].map(item));
  for (const diff of input.diffs) for (const stack of diff.stacks) page.stack(diff, stack);
  page.must(
    `<sub>Compared at ${code(input.commit.slice(0, 12))}. This comment is kept up to date in place.</sub>`,
  );
  return page.text();
}

const GENERALLY_UNKNOWN = [
  'Templates are compared, not what is there: what somebody changed by hand is not seen.',
  'What CloudFormation decides only when it plans a change is asked again before the deployment, of its change set.',
];

function unknownOf({ diffs }: CommentInput): string[] {
  return diffs.flatMap(({ environment, unknown }) =>
    unknown.map((what) => `**${environment}**: ${plain(scrub(what))}`),
  );
}

function summary({ diffs, notCompared }: CommentInput): string[] {
  return [
    ...notCompared.map(
      ({ environment, reason }) =>
        `- **${plain(environment)}**: ⚠️ not compared, so nothing is known of it: ${plain(scrub(reason))}`,
    ),
    ...diffs.map(({ environment, stacks, findings }) => {
      const touched = stacks.reduce((sum, stack) => sum + stack.touched.length, 0);
      const of = (count: number, text: string) => (count > 0 ? [text] : []);
      const losses = findings.filter(losesData).length;
      const opens = findings.filter(({ kind }) => kind === 'opens').length;
      const parts = [
        ...of(losses, `🛑 ${counted(losses, 'change')} that ${losses === 1 ? 'loses' : 'lose'} data`),
        ...of(opens, `🔓 ${counted(opens, 'change')} that ${opens === 1 ? 'opens' : 'open'} up`),
        touched > 0
          ? `${counted(touched, 'resource')} in ${counted(stacks.filter((stack) => stack.touched.length > 0).length, 'stack')}`
          : 'no change',
      ];
      return `- **${plain(environment)}**: ${parts.join(', ')}`;
    }),
  ];
}

function acceptanceText(acceptance: Acceptance): string {
  switch (acceptance) {
    case 'accepted':
      return `Accepted: the label ${code(ACCEPT_LABEL)} was set for exactly this list.`;
    case 'withdrawn':
      return `**Not accepted.** The label ${code(ACCEPT_LABEL)} was set for another list, or before there was one, and has been taken off. Read this one; if the data may go, set the label again.`;
    case 'none':
      return `**This stops the merge.** If the data may go, or is safe elsewhere, set the label ${code(ACCEPT_LABEL)}. It holds for exactly this list, and is taken off when the list changes.`;
  }
}

function findingText(finding: Finding): string {
  const { environment, stack, logicalId, type, path, what, because, afterwards } = finding;
  const shown = because.slice(0, 6).map((reason) => `  - ${code(scrub(reason), 400)}`);
  const more = because.length > shown.length ? [`  - and ${because.length - shown.length} more`] : [];
  const subject =
    logicalId === undefined
      ? code(stack)
      : `${code(path ?? logicalId)} (${code(type)}, ${code(`${stack}/${logicalId}`)})`;
  return [
    `- **${plain(environment)}**: ${subject} ${plain(scrub(what))}.`,
    ...shown,
    ...more,
    ...(afterwards === undefined ? [] : [`  - Afterwards: ${plain(scrub(afterwards))}.`]),
  ].join('\n');
}

/** What is gone comes before what may go, and both before what is less protected; logs come last. */
const GRAVITY: readonly FindingKind[] = [
  'deletes',
  'replaces',
  'overwrites',
  'leaves-behind',
  'may-delete',
  'may-replace',
];

function byGravity(findings: readonly Finding[]): Finding[] {
  const rank = ({ kind, type }: Finding) => {
    const index = GRAVITY.indexOf(kind);
    return (index === -1 ? GRAVITY.length : index) + (type === 'AWS::Logs::LogGroup' ? 100 : 0);
  };
  return [...findings].sort((one, other) => rank(one) - rank(other));
}

function item(text: string): string {
  return `- ${text}`;
}

/** Fills itself until it is full; what must be there is, and what does not fit is counted. */
class Page {
  private readonly parts: string[] = [];
  private left: number;
  private leftOut = 0;

  constructor(
    limitBytes: number,
    private readonly detailsUrl: string | undefined,
  ) {
    // Kept for the last lines: what was left out, and the commit.
    this.left = limitBytes - 600;
  }

  must(part: string): void {
    this.parts.push(part);
    this.left -= bytesOf(part) + 2;
  }

  /** Items as far as they fit, at least one: then how many more there are. */
  list(items: readonly string[]): void {
    const fitting: string[] = [];
    for (const text of items) {
      const size = bytesOf(text) + 1;
      if (fitting.length > 0 && size > this.left - 200) break;
      fitting.push(text);
      this.left -= size;
    }
    const missing = items.length - fitting.length;
    if (missing > 0) fitting.push(`- **and ${missing} more, which do not fit here.**`);
    this.leftOut += missing;
    this.parts.push(fitting.join('\n'));
  }

  section(heading: string, items: readonly string[]): void {
    if (items.length === 0) return;
    this.must(heading);
    this.list(items);
  }

  fold(title: string, items: readonly string[]): void {
    if (items.length > 0) this.tryFold(`${title} (${items.length})`, items);
  }

  stack(diff: EnvironmentDiff, stack: StackDiff): void {
    const lines = stackLines(stack);
    if (lines.length > 0)
      this.tryFold(
        `${plain(diff.environment)}: ${plain(stack.name)}${stackState(stack)}, ${counted(stack.touched.length, 'resource')}`,
        lines,
      );
  }

  text(): string {
    const missing =
      this.leftOut === 0
        ? []
        : [
            `**${counted(this.leftOut, 'part')} did not fit.** ${this.detailsUrl ? `[The run’s summary](${this.detailsUrl}) has all of it.` : 'The run’s summary has all of it.'}`,
          ];
    return [...this.parts.slice(0, -1), ...missing, ...this.parts.slice(-1)].join('\n\n');
  }

  private tryFold(summaryText: string, lines: readonly string[]): void {
    const whole = folded(summaryText, lines);
    if (bytesOf(whole) + 2 <= this.left) {
      this.must(whole);
      return;
    }
    this.leftOut += 1;
  }
}

function stackState({ state }: StackDiff): string {
  switch (state) {
    case 'new':
      return ' (new)';
    case 'left':
      return ' (no longer in the app)';
    case 'kept':
      return '';
  }
}
