import type { Logger } from '@aws-lambda-powertools/logger';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { logSink, vaultSink, type AuditSink, type Auditor } from '../../core/audit';
import { scrubValue } from '../../core/observability/scrub';

/** Which code did it: what is deployed is known by its commit, and a function by its version. */
const TOOL_VERSION = process.env['AWS_LAMBDA_FUNCTION_VERSION'] ?? 'local';

/**
 * What is the same for everything that one invocation does. A function is who acts: the ARN is Lambda's own word, for
 * which no request to STS is needed, which not every subnet reaches.
 *
 * @param vault where the records lie; @default the log alone
 */
export function auditorOf(
  {
    logger,
    context,
    environment,
  }: { readonly logger: Logger; readonly context: Context; readonly environment: string },
  vault?: { readonly s3: S3Client; readonly bucket: string },
): Auditor {
  const sinks: AuditSink[] = [logSink((message, fields) => logger.info(message, fields))];
  if (vault) sinks.push(vaultSink(vault.s3, vault.bucket));
  return {
    sinks,
    who: {
      account: context.invokedFunctionArn.split(':')[4] ?? 'unknown',
      arn: context.invokedFunctionArn,
      userId: context.functionName,
    },
    environment,
    requestId: context.awsRequestId,
    toolVersion: TOOL_VERSION,
    scrub: scrubValue,
    onUnrecorded: ({ message, code }) => logger.error(message, { code }),
  };
}
