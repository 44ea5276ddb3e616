import { type CompositeAlarm, SimulationError } from './alarm';
import type { AlarmState } from './evaluate';

/**
 * Reads a composite alarm's rule: `ALARM("name")`, `AND`, `OR`, `NOT` and parentheses. What it does not know it refuses.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 *
 * @throws SimulationError
 */
export function readRule(rule: string): {
  readonly children: readonly string[];
  readonly holds: (stateOf: (name: string) => AlarmState) => boolean;
} {
  const tokens = rule.match(/"[^"]*"|\w+|\S/g) ?? [];
  const children: string[] = [];
  let at = 0;
  type Holds = (stateOf: (name: string) => AlarmState) => boolean;
  const expect = (token: string) => {
    if (tokens[at++] !== token)
      throw new SimulationError(`the rule ${rule} wants ${token} before its part ${at}`);
  };
  const term = (): Holds => {
    const token = tokens[at++];
    if (token === 'NOT') {
      const inner = term();
      return (stateOf) => !inner(stateOf);
    }
    if (token === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    if (token !== 'ALARM') {
      throw new SimulationError(
        `the rule ${rule} has "${token}", which the simulation does not know: teach it`,
      );
    }
    expect('(');
    const name = (tokens[at++] ?? '').replaceAll('"', '');
    expect(')');
    children.push(name);
    return (stateOf) => stateOf(name) === 'ALARM';
  };
  const joined = (
    word: string,
    next: () => Holds,
    join: (one: boolean, other: boolean) => boolean,
  ): Holds => {
    let left = next();
    while (tokens[at] === word) {
      at++;
      const [before, after] = [left, next()];
      left = (stateOf) => join(before(stateOf), after(stateOf));
    }
    return left;
  };
  const both = (): Holds => joined('AND', term, (one, other) => one && other);
  const either = (): Holds => joined('OR', both, (one, other) => one || other);
  const holds = either();
  if (at < tokens.length) throw new SimulationError(`the rule ${rule} has something behind its end`);
  return { children, holds };
}

/** Who keeps a composite's actions back, in AWS's words: `Alarm`, `WaitPeriod`, `ExtensionPeriod`. */
export type SuppressedBy = 'Alarm' | 'WaitPeriod' | 'ExtensionPeriod';

/**
 * Whether a composite alarm in ALARM tells, minute by minute. Once it has told, it has: until it is OK again.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
 */
export class Suppression {
  private hasTold = false;
  private alarmSince: number | undefined;
  private suppressorEnded: number | undefined;
  private wasSuppressing = false;

  constructor(private readonly suppressor: CompositeAlarm['suppressor']) {}

  /** @returns whether it is known to people that it is in ALARM */
  tells(minute: number, state: AlarmState, suppressorState: AlarmState): boolean {
    const isSuppressing = this.suppressor !== undefined && suppressorState === 'ALARM';
    if (this.wasSuppressing && !isSuppressing) this.suppressorEnded = minute;
    this.wasSuppressing = isSuppressing;
    if (state !== 'ALARM') {
      this.alarmSince = undefined;
      this.hasTold = false;
      return false;
    }
    this.alarmSince ??= minute;
    this.hasTold ||= this.suppressedBy(minute, isSuppressing) === undefined;
    return this.hasTold;
  }

  private suppressedBy(minute: number, isSuppressing: boolean): SuppressedBy | undefined {
    if (!this.suppressor) return undefined;
    if (isSuppressing) return 'Alarm';
    const { waitSeconds, extensionSeconds } = this.suppressor;
    const isWithin = (since: number | undefined, seconds: number) =>
      since !== undefined && (minute - since) * 60 < seconds;
    if (isWithin(this.suppressorEnded, extensionSeconds)) return 'ExtensionPeriod';
    return isWithin(this.alarmSince, waitSeconds) ? 'WaitPeriod' : undefined;
  }
}
