import type { z } from 'zod';
import { GoLiveError } from '../../core/shared/errors';

/** What is wrong with one configuration file. */
export interface FileProblems {
  /** From the project's root, such as `lib/config/prod.ts`. */
  readonly file: string;
  readonly problems: readonly string[];
}

/**
 * Configurations that are not safe, not possible or not complete. The message lists every problem of every
 * file, each with its field, what it got and what is allowed, and names the file to edit.
 */
export class ConfigurationError extends GoLiveError {
  readonly code = 'ConfigurationError';

  constructor(readonly findings: readonly FileProblems[]) {
    super(findings.map(describeFile).join('\n'));
  }
}

function describeFile({ file, problems }: FileProblems): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${file} has ${count}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nedit ${file}`;
}

/** One problem as a line: `database.multiAz: got false, allowed: true (…)`. */
export function describeProblem(field: string, got: unknown, allowed: string): string {
  return `${field || 'the whole configuration'}: got ${render(got)}, allowed: ${allowed}`;
}

/** What a schema's issue allows, in words. */
export function allowedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`;
    case 'invalid_value':
      return issue.values.map(render).join(', ');
    case 'too_small':
      return `at least ${issue.minimum}${issue.origin === 'array' ? ' entries' : ''}`;
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'array' ? ' entries' : ''}`;
    default:
      return issue.message;
  }
}

/** The value at a path such as `database.multiAz`; undefined where there is none. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

function render(value: unknown): string {
  return value === undefined
    ? 'nothing'
    : JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
}
