import { readFileSync } from 'node:fs';
import { DataKeyRing, reencryptColumn } from '../../../core/secrets/key-ring';
import { postgresClient, type PostgresEndpoint } from '../../../core/postgres/endpoint';
import { contextOf } from './encrypted-table';

/** What a test tells the process that it wants killed. */
export interface ReencryptChildJob {
  readonly endpoint: PostgresEndpoint;
  /** Holds the ring, so that no key stands in a message or an environment. */
  readonly ringFile: string;
  readonly table: string;
  /** After that many batches the process kills itself, as `kill -9` would. */
  readonly killAfterBatches: number;
}

process.on('message', ({ endpoint, ringFile, table, killAfterBatches }: ReencryptChildJob) => {
  void (async () => {
    const client = await postgresClient(endpoint, 'reencrypt-child');
    await client.connect();
    await reencryptColumn(client, {
      table,
      column: 'ssn',
      ring: DataKeyRing.parse(JSON.parse(readFileSync(ringFile, 'utf8'))),
      context: contextOf,
      batchRows: 50,
      onProgress: ({ batches }) => {
        if (batches === killAfterBatches) process.kill(process.pid, 'SIGKILL');
      },
    });
  })().finally(() => process.exit(1));
});
