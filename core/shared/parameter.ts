import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { saidBy } from './errors';

/**
 * Reads a parameter of Systems Manager that one of our stacks wrote.
 *
 * @param unreadable makes the error of whoever asks
 * @returns undefined when there is no such parameter
 * @throws what `unreadable` makes
 */
export async function parameterText(
  ssm: SSMClient,
  parameter: string,
  unreadable: (message: string, options: ErrorOptions) => Error,
): Promise<string | undefined> {
  try {
    const { Parameter: found } = await ssm.send(new GetParameterCommand({ Name: parameter }));
    return found?.Value ?? '';
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return undefined;
    throw unreadable(
      `parameter ${parameter} could not be read: ${saidBy(error)}; sign in (aws sso login), set AWS_REGION, or ask for ssm:GetParameter on it`,
      { cause: error },
    );
  }
}
