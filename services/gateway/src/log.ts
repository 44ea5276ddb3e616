import type { Logger } from '@golive/observability';
import type { SecretsLog } from '../../../core/secrets/client';

/** The core's way to log, on ours: there the message comes first, and "secret" is the name of one. */
export function secretsLog(log: Pick<Logger, 'info' | 'warn'>): SecretsLog {
  const ours = ({ error, secret, ...fields }: Record<string, unknown>): object => ({
    ...fields,
    // What is called "secret" is taken out of logs.
    ...(secret !== undefined && { secretName: secret }),
    ...(error !== undefined && { err: error }),
  });
  return {
    info: (message, fields) => log.info(ours(fields), message),
    warn: (message, fields) => log.warn(ours(fields), message),
  };
}
