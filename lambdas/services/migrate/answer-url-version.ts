import { createHash } from 'node:crypto';
import type { Question } from '../../shared/custom-resource-question';

/**
 * The version of the secret that keeps a request's URL, and the name of the execution that serves the request: the same
 * each time that the request is delivered.
 */
export function answerUrlVersion({ stackId, requestId }: Pick<Question, 'stackId' | 'requestId'>): string {
  // What Secrets Manager takes for a version: CloudFormation's own ids are UUIDs.
  return /^[\w-]{32,64}$/.test(requestId)
    ? requestId
    : createHash('sha256').update(`${stackId}\n${requestId}`).digest('hex');
}
