import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { GoLiveError, saidBy } from '../../../core/shared/errors';
import { defineCustomResource, type CustomResourceRequest } from '../../shared/custom-resource';
import type { Question } from '../../shared/custom-resource-question';
import { answerUrlVersion } from './answer-url-version';
import { MigrateEnvironment } from './env';
import { type MigrationRun, TaskDefinitionArn } from './run';

/** The migrations could not be begun. Nothing was changed. */
export class MigrationNotBegunError extends GoLiveError {
  readonly code = 'MigrationNotBegunError';
}

const MigrationsProperties = z.object({ TaskDefinition: TaskDefinitionArn });

type Request = CustomResourceRequest<
  z.output<typeof MigrateEnvironment>,
  z.output<typeof MigrationsProperties>
>;

const secretsManager = new SecretsManagerClient({});
const sfn = new SFNClient({});

/** Begins the migrations of the database at deployment, as the custom resource `Custom::Migrations`. */
export const handler = defineCustomResource({
  name: 'services/migrate',
  environment: MigrateEnvironment,
  properties: MigrationsProperties,
  create: migrate,
  update: (request, before) => {
    if (before && isEarlierRevision(request.properties.TaskDefinition, before.TaskDefinition)) {
      // A deployment always brings a later one. Failing here would leave the stack between two states, and there is
      // nothing to do: what this revision wants was made when it was deployed.
      request.logger.info('the deployment is rolled back: the database stays as it is', {
        from: before.TaskDefinition,
        to: request.properties.TaskDefinition,
      });
      return Promise.resolve({});
    }
    return migrate(request);
  },
  delete: ({ logger }) => {
    logger.info('the database stays as it is');
    return Promise.resolve({});
  },
});

function migrate({ environment, properties, logger, signal }: Request) {
  return Promise.resolve({
    handOver: async (question: Question, url: string) => {
      const begun = await begin(question, url, {
        environment,
        taskDefinition: properties.TaskDefinition,
        signal,
      });
      logger.info(begun ? 'the migrations have begun' : 'the migrations had begun already', {
        taskDefinition: properties.TaskDefinition,
        execution: answerUrlVersion(question),
      });
    },
  });
}

/**
 * CloudFormation may deliver a request twice. The second time the URL is there already, as is the execution of the
 * request's name.
 *
 * @returns whether the execution was begun, or is the one of before
 */
async function begin(
  question: Question,
  url: string,
  {
    environment,
    taskDefinition,
    signal,
  }: Pick<Request, 'environment' | 'signal'> & { readonly taskDefinition: string },
): Promise<boolean> {
  const version = answerUrlVersion(question);
  const run: MigrationRun = { taskDefinition, question };
  try {
    await secretsManager.send(
      new PutSecretValueCommand({
        SecretId: environment.ANSWER_URL_SECRET_ARN,
        ClientRequestToken: version,
        SecretString: url,
      }),
      { abortSignal: signal },
    );
    await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: environment.STATE_MACHINE_ARN,
        name: version,
        input: JSON.stringify(run),
      }),
      { abortSignal: signal },
    );
    return true;
  } catch (error) {
    // It ran to its end, and whoever asked was told.
    if (error instanceof ExecutionAlreadyExists) return false;
    throw new MigrationNotBegunError(
      `the migrations could not be begun: ${saidBy(error)}; nothing was changed: give the function what it lacks and deploy again`,
      { cause: error },
    );
  }
}

/** Whether it is one of the same task that was registered before the other. ECS counts them up and reuses none. */
function isEarlierRevision(arn: string, than: string): boolean {
  const [family, revision] = partsOf(arn);
  const [otherFamily, otherRevision] = partsOf(than);
  return family === otherFamily && revision < otherRevision;
}

function partsOf(arn: string): [family: string, revision: number] {
  const end = arn.lastIndexOf(':');
  return [arn.slice(0, end), Number(arn.slice(end + 1))];
}
