import { SimulationError } from './alarm';

/** A figure of a period, or none. */
export type Figure = number | undefined;

/** What metric math works with: a figure, or a list of them in square brackets. */
type Value = Figure | Figure[];

type Evaluate = (figureOf: (id: string) => Figure) => Value;

/**
 * Reads an expression of CloudWatch's metric math, as far as our alarms use it: arithmetic, comparisons, `IF`, `FILL`,
 * `SUM`, `METRICS()`.
 * What it does not know it refuses. A missing figure makes what is reckoned with it missing, and so does a division by zero;
 * `SUM` of a list leaves out what is missing.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 *
 * @param ids of the metrics that `METRICS()` is
 * @throws SimulationError
 */
export function readExpression(
  text: string,
  ids: readonly string[] = [],
): (figureOf: (id: string) => Figure) => Figure {
  const parser = new Parser(text, ids);
  const evaluate = parser.comparison();
  parser.expectEnd();
  return (figureOf) => figure(evaluate(figureOf));
}

const OPERATORS: Readonly<Record<string, (left: number, right: number) => Figure>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => (right === 0 ? undefined : left / right),
  '>=': (left, right) => Number(left >= right),
  '<=': (left, right) => Number(left <= right),
  '>': (left, right) => Number(left > right),
  '<': (left, right) => Number(left < right),
};

const FUNCTIONS: Readonly<Record<string, (parameters: Value[]) => Figure>> = {
  IF: ([condition, then, otherwise]) => {
    const holds = figure(condition);
    return holds === undefined ? undefined : figure(holds === 0 ? otherwise : then);
  },
  FILL: ([value, instead]) => figure(value) ?? figure(instead),
  SUM: ([list]) => {
    const figures = [list].flat().filter((one) => one !== undefined);
    return figures.length === 0 ? undefined : figures.reduce((sum, one) => sum + one, 0);
  },
};

class Parser {
  private readonly tokens: readonly string[];
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly ids: readonly string[],
  ) {
    this.tokens = text.match(/\d+(\.\d+)?|[A-Za-z_]\w*|>=|<=|\S/g) ?? [];
  }

  comparison(): Evaluate {
    return this.operation(['>=', '<=', '>', '<'], () => this.sum());
  }

  expectEnd(): void {
    if (this.at < this.tokens.length) throw this.refusal();
  }

  private sum(): Evaluate {
    return this.operation(['+', '-'], () => this.product());
  }

  private product(): Evaluate {
    return this.operation(['*', '/'], () => this.term());
  }

  /** Operators of one rank, from left to right. */
  private operation(ranked: readonly string[], next: () => Evaluate): Evaluate {
    let left = next();
    for (;;) {
      const token = this.tokens[this.at];
      if (token === undefined || !ranked.includes(token)) return left;
      this.at++;
      const [before, after, apply] = [left, next(), OPERATORS[token] as (typeof OPERATORS)[string]];
      left = (figureOf) => {
        const [one, other] = [figure(before(figureOf)), figure(after(figureOf))];
        return one === undefined || other === undefined ? undefined : apply(one, other);
      };
    }
  }

  private term(): Evaluate {
    const token = this.tokens[this.at++];
    if (token === undefined) throw this.refusal();
    if (/^\d/.test(token)) return () => Number(token);
    if (token === '(') {
      const inner = this.comparison();
      this.expect(')');
      return inner;
    }
    if (token === '[') {
      const items = this.list(']');
      return (figureOf) => items.map((item) => figure(item(figureOf)));
    }
    if (!/^[A-Za-z_]/.test(token)) throw this.refusal(token);
    if (this.tokens[this.at] !== '(') return (figureOf) => figureOf(token);
    this.at++;
    if (token === 'METRICS') {
      this.expect(')');
      return (figureOf) => this.ids.map(figureOf);
    }
    const apply = FUNCTIONS[token];
    if (!apply) throw this.refusal(token);
    const parameters = this.list(')');
    return (figureOf) => apply(parameters.map((parameter) => parameter(figureOf)));
  }

  private list(end: string): Evaluate[] {
    const items = [this.comparison()];
    while (this.tokens[this.at] === ',') {
      this.at++;
      items.push(this.comparison());
    }
    this.expect(end);
    return items;
  }

  private expect(token: string): void {
    if (this.tokens[this.at] !== token) throw this.refusal();
    this.at++;
  }

  private refusal(token = this.tokens[this.at] ?? 'its end'): SimulationError {
    return new SimulationError(
      `the expression "${this.text}" has something at "${token}" that the simulation does not know: teach it, or write it otherwise`,
    );
  }
}

function figure(value: Value): Figure {
  if (Array.isArray(value)) throw new SimulationError('a list stands where one figure is wanted');
  return value;
}
