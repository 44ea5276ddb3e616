import * as z from 'zod';

/** How the text of Sentry's secret is read, which may hold no DSN yet; undefined without a secret. */
export function readSentryDsn(id: string | undefined): (() => Promise<string | undefined>) | undefined {
  if (id === undefined) return undefined;
  return async () => {
    // Both load what is traced, and the tracing asks for this.
    const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    const { createSecretsClient } = await import('../../../core/secrets/client');
    const client = createSecretsClient({
      secretsManager: new SecretsManagerClient({}),
      secrets: { dsn: { id, schema: z.string(), format: 'text' } },
      environment: 'production',
    });
    try {
      return (await client.get('dsn')).reveal();
    } finally {
      client.close();
    }
  };
}
