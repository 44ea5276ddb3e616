import { basename } from 'node:path';
import {
  allowedBy,
  ConfigurationError,
  describeProblem,
  type FileProblems,
  valueAt,
} from './configuration-error';
import { deliveryProblems } from './delivery-rules';
import type { Rule } from './rule';
import { GUARD_RAILS, RULES } from './rules';
import { type EnvironmentConfig, EnvironmentSchema } from './schema';

/**
 * Checks one environment: its shape, the rules of every environment and, in production, the guard rails.
 * A rule runs as soon as the fields it reads have their shape, so that one run shows every problem.
 *
 * @param file the file that a person edits to put it right
 * @throws ConfigurationError with every problem at once
 */
export function parseEnvironment(file: string, input: unknown): EnvironmentConfig {
  const problems = problemsOf(file, input);
  if (problems.length > 0) throw new ConfigurationError([{ file, problems }]);
  return EnvironmentSchema.parse(input);
}

/**
 * As {@link parseEnvironment}, for several files: one error speaks of all of them, and once each is right by itself, of
 * what is wrong between them.
 *
 * @throws ConfigurationError with every problem of every file
 */
export function parseEnvironments(inputs: ReadonlyMap<string, unknown>): EnvironmentConfig[] {
  const findings: FileProblems[] = [...inputs]
    .map(([file, input]) => ({ file, problems: problemsOf(file, input) }))
    .filter(({ problems }) => problems.length > 0);
  if (findings.length > 0) throw new ConfigurationError(findings);
  const configs = new Map([...inputs].map(([file, input]) => [file, EnvironmentSchema.parse(input)]));
  const between = deliveryProblems(configs);
  if (between.length > 0) throw new ConfigurationError(between);
  return [...configs.values()];
}

function problemsOf(file: string, input: unknown): string[] {
  const shape = EnvironmentSchema.safeParse(input);
  const issues = shape.error?.issues ?? [];
  const misshapen = issues.map((issue) => issue.path.map(String).join('.'));

  // With what the schema fills in, where the shape is right.
  const config = shape.data ?? (input as EnvironmentConfig);
  const rules = valueAt(input, ['tier']) === 'production' ? [...RULES, ...GUARD_RAILS] : RULES;
  const isReadable = (rule: Rule) =>
    [rule.field, ...(rule.reads ?? [])].every((field) => !misshapen.some((bad) => touches(bad, field))) &&
    // An optional part that is not there breaks no rule about it.
    (rule.reads ?? []).every((field) => valueAt(config, field.split('.')) !== undefined);

  const fileName = basename(file, '.ts');
  return [
    ...(config?.name === fileName
      ? []
      : [describeProblem('name', config?.name, `"${fileName}", as the file is named`)]),
    ...issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? describeProblem(
            [...issue.path, issue.keys[0] ?? ''].join('.'),
            valueAt(input, [...issue.path, issue.keys[0] ?? '']),
            'no such field',
          )
        : describeProblem(issue.path.map(String).join('.'), valueAt(input, issue.path), allowedBy(issue)),
    ),
    ...rules.filter(isReadable).flatMap((rule) => {
      const allowed = rule.broken(config);
      return allowed === undefined
        ? []
        : [describeProblem(rule.field, valueAt(input, rule.field.split('.')), allowed)];
    }),
  ];
}

/** Whether one field is the other, or holds it. */
function touches(one: string, other: string): boolean {
  return one === '' || one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}
