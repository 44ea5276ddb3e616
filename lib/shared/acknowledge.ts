import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** The plugins whose findings can be acknowledged, as they name themselves in the validation report. */
type Plugin = 'AwsSolutions' | 'CloudFormation-Validate';

/**
 * Suppresses one finding at a construct and below it. The id carries its plugin's name: without it the
 * acknowledgement does not appear in the validation report, and a test could not tell that it matches.
 *
 * @param rule such as `AwsSolutions-RDS11`, or `AwsSolutions-IAM5[Resource::*]` for one of several
 * @param reason one sentence
 */
export function acknowledge(construct: IConstruct, plugin: Plugin, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `${plugin}::${rule}`, reason });
}
