import type { DumpRequest } from '../core/backup/dump/take-dump';
import type { PostgresEndpoint } from '../core/postgres/endpoint';
import type { Console } from './console';
import type { Environment } from './environment';

/** A dump of an environment's database, as a command takes one: its warnings and its progress are said. */
export function dumpRequestOf(
  { s3, operations }: Environment,
  output: Console,
  {
    doing,
    ...request
  }: Pick<DumpRequest, 'scheduledFor' | 'path' | 'signal'> & {
    readonly endpoint: PostgresEndpoint;
    /** What is said meanwhile. */
    readonly doing: string;
  },
): DumpRequest {
  const { instanceIdentifier, dbiResourceId } = operations;
  const { connections, maxTableBytes } = operations.fingerprint;
  return {
    s3,
    bucket: operations.vaultBucket,
    source: { instanceIdentifier, dbiResourceId },
    environment: operations.environment,
    fingerprint: { connections, limits: maxTableBytes === undefined ? {} : { maxTableBytes } },
    log: { info: () => undefined, warn: (message) => output.say(message) },
    onProgress: ({ bytes: stored }) => output.progress(doing, { done: stored, unit: 'bytes' }),
    ...request,
  };
}
