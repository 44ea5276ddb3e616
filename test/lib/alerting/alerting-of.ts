import { Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AlertingStack } from '../../../lib/alerting/alerting-stack';
import type { EnvironmentConfig } from '../../../lib/config';
import { parseEnvironment } from '../../../lib/config/parse';
import { prod as prodInput } from '../../../lib/config/prod';
import { type InputTransformer, matchesPattern, transform } from '../../support/eventbridge';
import { makeApp } from '../support/synthesis';

export const EVERYBODY = {
  pagerDuty: {},
  email: { critical: ['on-call@golive.example'], warning: ['platform@golive.example'] },
  slack: { workspaceId: 'T0123ABCD', channels: { critical: 'C0123ABCD', info: 'C0123ABCE' } },
};

/** Production with these routes. */
export function configWith(alerting: object = EVERYBODY): EnvironmentConfig {
  return parseEnvironment('lib/config/prod.ts', { ...prodInput, alerting });
}

export const SECRET_ARN = 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:PagerDuty-AbCdEf';
export const ROTATED_ARN = 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:App-AbCdEf';

export function alertingOf(config = configWith()): Template {
  const stage = new Stage(makeApp(), config.name, {
    env: { account: config.account, region: config.region },
  });
  return Template.fromStack(
    new AlertingStack(stage, 'Alerting', {
      config,
      pagerDutySecretArn: SECRET_ARN,
      rotatedArns: [ROTATED_ARN],
    }),
  );
}

interface RuleProperties {
  readonly EventPattern?: unknown;
  readonly Targets: readonly { readonly Arn: unknown; readonly InputTransformer?: InputTransformer }[];
}

/** Rules whose logical id begins so, with what they would send. */
export function rulesOf(template: Template, beginning: string) {
  return Object.entries(template.findResources('AWS::Events::Rule'))
    .filter(([id]) => id.startsWith(beginning))
    .map(([id, { Properties }]) => ({ id, ...(Properties as RuleProperties) }))
    .filter(({ EventPattern }) => EventPattern !== undefined);
}

/** What the rules send for an event, by the rule's id. */
export function sentBy(template: Template, beginning: string, event: unknown): [id: string, sent: string][] {
  return rulesOf(template, beginning)
    .filter(({ EventPattern }) => matchesPattern(EventPattern, event))
    .map(({ id, Targets }) => [id, transform(Targets[0]!.InputTransformer!, event)]);
}
