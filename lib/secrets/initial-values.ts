import { SecretValue, Stack } from 'aws-cdk-lib';
import type { SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { emptyRing, type KeyRing } from '../../core/secrets/key-ring';
import { EXCLUDED_FROM_PASSWORDS, type Postgres } from '../database/postgres';

/**
 * A login of PostgreSQL with a password that Secrets Manager makes, as its rotation wants it. Were any of this to
 * change, CloudFormation would generate another password over the rotated one: the bootstrap then sets that.
 */
export function databaseLogin(scope: Construct, username: string, postgres: Postgres): SecretStringGenerator {
  return {
    secretStringTemplate: Stack.of(scope).toJsonString({
      engine: 'postgres',
      host: postgres.address,
      port: postgres.port,
      username,
      dbname: postgres.databaseName,
      masterarn: postgres.secret.secretArn,
    }),
    generateStringKey: 'password',
    passwordLength: 40,
    excludeCharacters: EXCLUDED_FROM_PASSWORDS,
  };
}

/**
 * A ring without a key, of which the first rotation makes one. Always the same text for an algorithm: with another,
 * CloudFormation would put it over the ring.
 */
export function noRingYet(algorithm: KeyRing['algorithm']): SecretValue {
  return SecretValue.unsafePlainText(JSON.stringify(emptyRing(algorithm)));
}

/** For what people set: never in a template, whose readers are many. */
export function notSetYet(): SecretValue {
  return SecretValue.unsafePlainText('{}');
}
