import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';

/** A finding that stays, where it is and why. One that matches nothing any more is a failure too. */
interface Suppression {
  readonly rule: string;
  /** Matches `<template file>: <path in the template>`. */
  readonly path: RegExp;
  readonly reason: string;
}

export const SUPPRESSIONS: readonly Suppression[] = [
  {
    rule: 'W3010',
    path: /Network[0-9A-F]+\.template\.json: Resources\/Vpc\w+Subnet\w+\/Properties\/AvailabilityZone$/,
    reason: 'Zones are named in the configuration, because looking them up takes credentials.',
  },
  {
    rule: 'W3005',
    path: /(Alerting|Backup|Recovery|Secrets|Services)[0-9A-F]+\.template\.json: Resources\/\w+(Function|StateMachine)\w+\/DependsOn\/\d+$/,
    reason:
      "aws-cdk-lib makes a function, or a state machine, wait for its role and for the role's policies; the first is also implied.",
  },
  {
    rule: 'W3005',
    path: /Services[0-9A-F]+\.template\.json: Resources\/MigrationsMigrated\w+\/DependsOn\/\d+$/,
    reason:
      'The migrations wait for whole constructs, policies and all; what of them they refer to as well is implied.',
  },
  {
    rule: 'W3691',
    path: /Database[0-9A-F]+\.template\.json: Resources\/PostgresInstance\w+\/Properties$/,
    reason:
      'RDS takes a major version alone, so that its minor upgrades are no drift; cfn-lint lists full ones only.',
  },
];

export interface Finding {
  readonly rule: string;
  /** `<template file>: <path in the template>`. */
  readonly at: string;
  readonly message: string;
}

/**
 * Runs cfn-lint over templates.
 *
 * @throws Error when cfn-lint is not on the PATH or breaks
 */
export function lint(templates: readonly string[]): Finding[] {
  const run = spawnSync('cfn-lint', ['--format', 'json', '--', ...templates], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.error) {
    throw new Error(`cfn-lint does not start (${run.error.message}): install it with "pip install cfn-lint"`);
  }
  try {
    return (JSON.parse(run.stdout) as CfnLintFinding[]).map((finding) => ({
      rule: finding.Rule.Id,
      at: `${basename(finding.Filename)}: ${finding.Location.Path.join('/')}`,
      message: finding.Message,
    }));
  } catch (error) {
    throw new Error(`cfn-lint ended with ${run.status} and no report: ${run.stderr || run.stdout}`, {
      cause: error,
    });
  }
}

/** What is left after the suppressions: findings, and suppressions that match none. */
export function unsuppressed(findings: readonly Finding[], suppressions = SUPPRESSIONS): string[] {
  const matches = (finding: Finding, { rule, path }: Suppression) =>
    finding.rule === rule && path.test(finding.at);
  return [
    ...findings
      .filter((finding) => !suppressions.some((suppression) => matches(finding, suppression)))
      .map(({ rule, at, message }) => `${rule} at ${at}: ${message}`),
    ...suppressions
      .filter((suppression) => !findings.some((finding) => matches(finding, suppression)))
      .map(({ rule, path }) => `the suppression of ${rule} at ${path.source} matches nothing: remove it`),
  ];
}

interface CfnLintFinding {
  readonly Filename: string;
  readonly Location: { readonly Path: readonly (string | number)[] };
  readonly Message: string;
  readonly Rule: { readonly Id: string };
}
