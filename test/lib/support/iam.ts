/**
 * A small evaluator of IAM's policies, for what this project's use: which tokens a trust policy admits, and what an
 * identity's policy allows. What it does not know it refuses to judge.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | boolean | readonly string[]>>>
  >;
}

export interface Request {
  readonly action: string;
  readonly resource?: string;
  /** Condition keys; one that is missing has no value. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Denied where a statement denies it, allowed where one allows it, and else not allowed. */
export function isAllowed(statements: readonly Statement[], request: Request): boolean {
  const matching = statements.filter((statement) => matches(statement, request));
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
  );
}

function matches(statement: Statement, { action, resource, context = {} }: Request): boolean {
  const { Action, NotAction, Resource, Condition = {} } = statement;
  const isAction = (pattern: string) => glob(pattern.toLowerCase(), action.toLowerCase());
  if (Action !== undefined && !list(Action).some(isAction)) return false;
  if (NotAction !== undefined && list(NotAction).some(isAction)) return false;
  if (Resource !== undefined && !list(Resource).some((pattern) => glob(pattern, resource ?? '')))
    return false;
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, valuesOf(context, key), list(wanted))),
  );
}

/** Names of condition keys know no capitals. */
function valuesOf(context: NonNullable<Request['context']>, key: string): readonly string[] | undefined {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found && list(found[1]);
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function holds(operator: string, values: readonly string[] | undefined, wanted: readonly string[]): boolean {
  const [, set, base = operator, ifExists] =
    /^(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  if (base === 'Null') return wanted.some((want) => (want === 'true') === (values === undefined));
  if (values === undefined && ifExists !== undefined) return true;
  const isNegated = /^(String|Arn)Not/.test(base);
  const compare = COMPARISONS[base.replace('Not', '')];
  if (!compare) throw new Error(`the evaluator does not know the operator ${operator}`);
  const isOne = (value: string) => wanted.some((want) => compare(value, want)) !== isNegated;
  // What nobody told equals nothing, and so differs from everything; of no values all are right.
  if (values === undefined) return set === 'ForAllValues:' || (set === undefined && isNegated);
  return set === 'ForAllValues:' ? values.every(isOne) : values.some(isOne);
}

const COMPARISONS: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: (value, wanted) => glob(wanted, value),
  ArnEquals: (value, wanted) => glob(wanted, value),
  ArnLike: (value, wanted) => glob(wanted, value),
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
};

function glob(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[^]*')
    .replace(/\?/g, '[^]');
  return new RegExp(`^${source}$`).test(text);
}

function list(value: string | boolean | readonly string[]): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [String(value)];
}
