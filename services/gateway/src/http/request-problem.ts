import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { SecretInvalidError, SecretUnavailableError } from '../../../../core/secrets/client';
import { isDatabaseUnavailable } from '../database/failures';
import { ProblemError, type ProblemKind } from './problem';

/** When a part is away: it is looked for again within seconds. */
const RETRY_AFTER_SECONDS = '5';

/** What a client is told of whatever ended its request. What nobody foresaw is told as nothing but that. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return invalidRequest(error);
  if (error instanceof SecretUnavailableError || error instanceof SecretInvalidError) {
    return unavailable('A key could not be read', error);
  }
  if (isDatabaseUnavailable(error)) return unavailable('The database is not available', error);
  const { code, statusCode } = error as Partial<FastifyError>;
  const known = BY_FASTIFYS_CODE[code ?? ''];
  if (known) return new ProblemError(...known, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ProblemError('invalid-request', 'The request could not be read.', { cause: error });
  }
  return new ProblemError(
    'internal-error',
    'It is not your fault; tell us the trace id if it happens again.',
    {
      cause: error,
    },
  );
}

function unavailable(what: string, cause: unknown): ProblemError {
  return new ProblemError('unavailable', `${what}; try again in a moment.`, {
    headers: { 'retry-after': RETRY_AFTER_SECONDS },
    cause,
  });
}

/** https://fastify.dev/docs/latest/Reference/Errors/ */
const BY_FASTIFYS_CODE: Readonly<Record<string, readonly [kind: ProblemKind, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 'The body has more than 64 KiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'Send application/json.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid-request', 'The body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid-request', 'The body is no JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid-request', 'The body is not as long as its header says.'],
};

function invalidRequest(error: {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string | undefined }[];
  readonly validationContext?: string | undefined;
}): ProblemError {
  const part = error.validationContext ?? 'request';
  return new ProblemError('invalid-request', 'Some of what was sent is not what the API describes.', {
    errors: error.validation.map(({ instancePath, message = 'not allowed' }) => ({
      pointer: `/${part}${instancePath === '/' ? '' : instancePath}`,
      detail: message,
    })),
  });
}
