import { intrinsicOf, isMap, type Value } from './template';

/** Whether a condition holds, as far as can be known before the deployment. */
export type Truth = boolean | 'unknown';

/** A template, and how far its values are known. */
export interface Resolver {
  /** Whether a resource with this condition exists. */
  readonly exists: (condition: string | undefined) => Truth;
  /**
   * A value with everything settled that can be settled: parameters, conditions, mappings and pseudo parameters. What is
   * written in two ways is written in one, so that only a change that CloudFormation sees is a change here; numbers and
   * booleans are text, as they are to it. Undefined stands for `AWS::NoValue`.
   */
  readonly settle: (value: Value) => Value | undefined;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html */
export function resolveCondition(definition: Value, resolver: Resolver): Truth {
  if (isMap(definition) && typeof definition['Condition'] === 'string')
    return resolver.exists(definition['Condition']);
  const [name, argument] = intrinsicOf(definition) ?? [];
  const operands = Array.isArray(argument) ? (argument as readonly Value[]) : [];
  const truths = () => operands.map((operand) => resolveCondition(operand, resolver));
  switch (name) {
    case 'Fn::Equals':
      return equals(operands.map((operand) => resolver.settle(operand)));
    case 'Fn::Not':
      return not(truths()[0] ?? 'unknown');
    case 'Fn::And':
      return all(truths());
    case 'Fn::Or':
      return not(all(truths().map(not)));
    default:
      return 'unknown';
  }
}

function equals([one, other]: readonly (Value | undefined)[]): Truth {
  return typeof one === 'string' && typeof other === 'string' ? one === other : 'unknown';
}

function not(truth: Truth): Truth {
  return truth === 'unknown' ? 'unknown' : !truth;
}

function all(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes('unknown') || truths.length === 0 ? 'unknown' : true;
}
