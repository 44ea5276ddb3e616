import type { Template } from './template';

/** A stack as CloudFormation has it. */
export interface DeployedStack {
  readonly template: Template;
  readonly terminationProtection: boolean;
  /** Those that are hidden left out. */
  readonly parameters: Readonly<Record<string, string>>;
  /** CloudFormation's, such as `UPDATE_COMPLETE`. */
  readonly status: string;
}

/** A stack as the app wants it. */
export interface WantedStack {
  readonly template: Template;
  readonly terminationProtection: boolean;
}

/** One stack, before and after. At least one of the two is there. */
export interface StackPair {
  /** Such as `prod-Database`. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly deployed: DeployedStack | undefined;
  readonly wanted: WantedStack | undefined;
}
