import { compareEnvironment, type EnvironmentDiff } from '../../../core/delivery/compare-environment';
import type { Finding } from '../../../core/delivery/finding';
import type { ReplacementSpec } from '../../../core/delivery/replacement-spec';
import type { StackPair } from '../../../core/delivery/stack-pair';
import { parseTemplate } from '../../../core/delivery/template';
import { loadSpecification } from '../../../scripts/delivery/specification';

let loaded: ReplacementSpec | undefined;

/** AWS's own, as it is pinned; read once per test file. */
export const spec = (): ReplacementSpec => (loaded ??= loadSpecification());

export interface PairOptions {
  readonly name?: string;
  readonly parameters?: Record<string, string>;
  readonly protectedNow?: boolean;
  readonly protectedThen?: boolean;
  readonly status?: string;
}

/** A stack before and after; undefined where it is not. */
export function pair(
  before: object | undefined,
  after: object | undefined,
  options: PairOptions = {},
): StackPair {
  const { name = 'prod-Database', parameters = {}, status = 'UPDATE_COMPLETE' } = options;
  return {
    name,
    account: '333333333333',
    region: 'eu-central-1',
    deployed: before && {
      template: parseTemplate(name, JSON.stringify(before)),
      parameters,
      status,
      terminationProtection: options.protectedNow ?? true,
    },
    wanted: after && {
      template: parseTemplate(name, JSON.stringify(after)),
      terminationProtection: options.protectedThen ?? true,
    },
  };
}

export function diffOf(...stacks: readonly StackPair[]): EnvironmentDiff {
  return compareEnvironment('prod', stacks, spec());
}

/** What is found when these resources become those. */
export function findingsOf(
  before: object,
  after: object,
  rest: object = {},
  options?: PairOptions,
): readonly Finding[] {
  return diffOf(pair({ ...rest, Resources: before }, { ...rest, Resources: after }, options)).findings;
}

/** `replaces Db` */
export const inShort = (findings: readonly Finding[]): string[] =>
  findings.map(({ kind, logicalId, stack }) => `${kind} ${logicalId ?? stack}`);

/** A database as the platform has it, in short. */
export const database = (properties: object = {}, attributes: object = {}) => ({
  Type: 'AWS::RDS::DBInstance',
  Properties: {
    DBInstanceIdentifier: 'golive-prod',
    DBName: 'golive',
    DBSubnetGroupName: { Ref: 'Subnets' },
    DeletionProtection: true,
    BackupRetentionPeriod: 35,
    DeleteAutomatedBackups: false,
    Engine: 'postgres',
    EngineVersion: '17',
    ...properties,
  },
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
  ...attributes,
});

export const subnets = (properties: object = {}) => ({
  Type: 'AWS::RDS::DBSubnetGroup',
  Properties: { DBSubnetGroupDescription: 'for the database', SubnetIds: ['subnet-1'], ...properties },
});
