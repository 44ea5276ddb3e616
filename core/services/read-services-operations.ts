import type { SSMClient } from '@aws-sdk/client-ssm';
import { GoLiveError } from '../shared/errors';
import { readParameter } from '../shared/parameter';
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
  const operations = await readParameter(ssm, {
    parameter: servicesParameterName(environment),
    stack: 'Services',
    schema: ServicesOperations,
    unreadable: (message, options) => new ServicesNotFoundError(message, options),
  });
  if (operations) return operations;
  throw new ServicesNotFoundError(
    `the services of "${environment}" are not deployed in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Services stack`,
  );
}
