import type { SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError } from '../shared/errors';
import { jsonOrUndefined } from '../shared/json';
import { parameterText } from '../shared/parameter';
import { ServicesOperations, servicesParameterName } from './operations';

/** The environment's services are not deployed here, or these credentials may not see what they are. */
export class ServicesNotFoundError extends GoLiveError {
  readonly code = 'ServicesNotFoundError';
}

/**
 * Reads what the Services stack wrote.
 *
 * @throws ServicesNotFoundError
 */
export async function readServicesOperations(
  ssm: SSMClient,
  environment: string,
): Promise<ServicesOperations> {
  const parameter = servicesParameterName(environment);
  const text = await parameterText(
    ssm,
    parameter,
    (message, options) => new ServicesNotFoundError(message, options),
  );
  if (text === undefined) {
    throw new ServicesNotFoundError(
      `the services of "${environment}" are not deployed in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Services stack`,
    );
  }
  const parsed = ServicesOperations.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw new ServicesNotFoundError(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the Services stack`,
  );
}
