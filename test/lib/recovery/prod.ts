import type { Template } from 'aws-cdk-lib/assertions';
import { templatesOf } from '../support/synthesis';

export interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

export const REPLICA = 'golive-prod-replica-333333333333-eu-west-1';

/** The Recovery stack of production. */
export function recovery(): Template {
  const template = templatesOf('prod').Recovery;
  if (!template) throw new Error('prod has no Recovery stack');
  return template;
}

/** What the role of a construct may do. */
export function statementsOf(construct: string, stack = recovery()): Statement[] {
  return Object.entries(stack.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(construct))
    .flatMap(
      ([, policy]) =>
        (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument
          .Statement,
    );
}

export const actionsOf = (statements: readonly Statement[]) =>
  statements.flatMap(({ Action }) => Action).sort();

export const allowing = (statements: readonly Statement[], action: string) =>
  statements.filter(({ Action }) => [Action].flat().includes(action));
