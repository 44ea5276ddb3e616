import {
  type ApplyReport,
  type FieldChange,
  isInSync,
  type Json,
  type Outcome,
  type Plan,
  type PlannedChange,
  type SentryOperations,
  subjectOf,
} from '../core/sentry';
import type { Colours } from '../core/shared/colours';
import { counted } from '../core/shared/units';

const SIGN = { create: '+', update: '~', delete: '-' } as const;
const WORD = { create: 'make', update: 'change', delete: 'delete' } as const;
/** So that a plan can be read on a terminal. */
const LONGEST_VALUE = 120;

/** A plan as people read it: one line for each thing, and under it each field, before → after. */
export function planForPeople(
  plan: Plan,
  { environment, rules: { organization } }: SentryOperations,
  colours: Colours,
): string {
  const lines = plan.changes.flatMap((change) => [lineOf(change, colours), ...detailsOf(change)]);
  const left = plan.leftOut.map(({ what, why }) => `left out: ${what}, as ${why}`);
  const summary = isInSync(plan)
    ? `${organization} is as configured for ${environment}: ${counted(plan.unchanged.length, 'thing')} of ours`
    : `${summaryOf(plan)}; ${plan.unchanged.length} as they should be`;
  return [...lines, ...left, summary].join('\n');
}

/** A plan as machines read it. */
export function planAsJson(plan: Plan, { environment, rules: { organization } }: SentryOperations) {
  return {
    environment,
    organization,
    inSync: isInSync(plan),
    changes: plan.changes.map(changeAsJson),
    unchanged: plan.unchanged.map(({ kind, name, id }) => ({ kind, name, id })),
    leftOut: plan.leftOut,
  };
}

/** What became of each change. */
export function outcomesForPeople(
  { outcomes }: ApplyReport,
  { environment, rules: { organization } }: SentryOperations,
  colours: Colours,
): string {
  const open = outcomes.filter(({ outcome }) => outcome !== 'done');
  const lines = open.map(({ change, outcome, error }) => {
    const { kind, name } = subjectOf(change);
    const said = error ? `: ${error.code}: ${error.message}` : '';
    return `${colours.red(outcome)}: ${WORD[change.action]} ${kind} ${name}${said}`;
  });
  const done = outcomes.length - open.length;
  return [
    ...lines,
    `${counted(done, 'change')} done in ${organization}${open.length === 0 ? `: it is as configured for ${environment}` : `, ${open.length} not`}`,
  ].join('\n');
}

export function outcomesAsJson({ outcomes }: ApplyReport) {
  return outcomes.map(({ change, outcome, error }: Outcome) => {
    const { kind, name } = subjectOf(change);
    return { outcome, action: change.action, kind, name, ...(error && { error }) };
  });
}

function changeAsJson(change: PlannedChange) {
  const { action } = change;
  const { kind, name } = subjectOf(change);
  switch (change.action) {
    case 'create':
      return { action, kind, name, fields: change.desired.fields };
    case 'update':
      return { action, kind, name, id: change.actual.id, changes: change.changes };
    case 'delete':
      return { action, kind, name, id: change.actual.id, why: change.why };
  }
}

function lineOf(change: PlannedChange, colours: Colours): string {
  const { kind, name } = subjectOf(change);
  const colour = { create: colours.green, update: colours.yellow, delete: colours.red }[change.action];
  const why = change.action === 'delete' ? `  (${change.why})` : '';
  return `${colour(`${SIGN[change.action]} ${WORD[change.action]} ${kind} ${name}`)}${why}`;
}

function detailsOf(change: PlannedChange): string[] {
  return change.action === 'update' ? change.changes.map((field) => `    ${fieldLine(field)}`) : [];
}

function fieldLine({ field, before, after }: FieldChange): string {
  return `${field}: ${shown(before)} → ${shown(after)}`;
}

function shown(value: Json | undefined): string {
  if (value === undefined) return '(none)';
  const text = JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}

function summaryOf({ changes }: Plan): string {
  return (['create', 'update', 'delete'] as const)
    .map((action) => ({ action, count: changes.filter((change) => change.action === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} to ${WORD[action]}`)
    .join(', ');
}
