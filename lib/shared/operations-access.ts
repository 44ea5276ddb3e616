import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { alertingParameterName } from '../../core/alerting/operations';
import { operationsParameterName } from '../../core/backup/operations';
import { secretsParameterName } from '../../core/secrets/operations';
import { sentryParameterName } from '../../core/sentry/operations';
import { servicesParameterName } from '../../core/services/operations';

/** To read where everything of the backups is. */
export function grantReadOperations(grantee: IGrantable & IConstruct, environment: string): void {
  grantReadParameter(grantee, operationsParameterName(environment));
}

/** To read where every secret is; no value. */
export function grantReadSecretsOperations(grantee: IGrantable & IConstruct, environment: string): void {
  grantReadParameter(grantee, secretsParameterName(environment));
}

/** To read what Sentry is to do for an environment. */
export function grantReadSentryOperations(grantee: IGrantable & IConstruct, environment: string): void {
  grantReadParameter(grantee, sentryParameterName(environment));
}

/** To read which services were deployed. */
export function grantReadServicesOperations(grantee: IGrantable & IConstruct, environment: string): void {
  grantReadParameter(grantee, servicesParameterName(environment));
}

/** To read where alarms are told. */
export function grantReadAlertingOperations(grantee: IGrantable & IConstruct, environment: string): void {
  grantReadParameter(grantee, alertingParameterName(environment));
}

/**
 * By name: a parameter tells of what its readers belong to, such as the task, so it is made after them, and for some in
 * another stack. CDK's own grant would also allow to describe every parameter of the account.
 */
function grantReadParameter(grantee: IGrantable & IConstruct, parameterName: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ssm:GetParameter'],
      resources: [
        Stack.of(grantee).formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: parameterName.slice(1),
        }),
      ],
    }),
  );
}
