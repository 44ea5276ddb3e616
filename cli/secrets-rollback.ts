import {
  findSecret,
  planRollback,
  proveDatabaseLogin,
  rollBack,
  type RollbackRequest,
} from '../core/secrets/operate';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';

export interface SecretsRollbackOptions {
  readonly yes?: boolean;
}

/**
 * `golive secrets rollback`: the previous version is checked, and becomes current again.
 *
 * @throws NoSuchSecretError, RollbackRefusedError, RollbackConflictError, NotConfirmedError, SecretUnavailableError
 */
export async function secretsRollback(
  environment: Environment,
  output: Console,
  name: string,
  options: SecretsRollbackOptions,
  signal: AbortSignal,
): Promise<void> {
  const secret = findSecret((await environment.secrets()).secrets, name);
  const request: RollbackRequest = {
    secretsManager: environment.secretsManager,
    secret,
    proveLogin: async (of, values) =>
      proveDatabaseLogin(of, values, { caFile: await environment.caFile(), signal }),
  };
  output.progress(`checking the previous version of ${secret.name}`);
  const plan = await planRollback(request);
  output.say(
    `version ${plan.to} of ${secret.name} takes the place of ${plan.from}, which stays as the previous one\nproven: ${plan.proven}`,
  );
  await requireYes(output, options, `Roll ${secret.name} back?`);
  output.progress('moving it');
  await recorded(environment, output, 'secret.rollback', secret.arn, async (note) => {
    note({ name: secret.name, from: plan.from, to: plan.to, proven: plan.proven });
    const { remarks } = await rollBack(request, plan);
    for (const remark of remarks) output.say(remark);
  });
  output.result(
    `${secret.name}: version ${plan.to} is current again; who reads it at its start is deployed anew\ntake it back:  golive secrets rollback ${secret.name} -e ${environment.operations.environment}`,
    { name: secret.name, from: plan.from, to: plan.to, proven: plan.proven },
  );
}
