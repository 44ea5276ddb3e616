import { Operations } from '../../core/backup/operations';

/** Of an environment as it is by default. */
export function operationsOf(change: Partial<Operations> = {}): Operations {
  return {
    ...Operations.parse({
      operationsVersion: 2,
      environment: 'test',
      vaultBucket: 'vault',
      instanceIdentifier: 'shop',
      dbiResourceId: 'db-ABC',
      databaseName: 'shop',
      databaseSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db',
      dumpExpectedEveryHours: 28,
      fingerprint: { connections: 2 },
      retention: {},
      health: {},
      smoke: [],
    }),
    ...change,
  };
}
