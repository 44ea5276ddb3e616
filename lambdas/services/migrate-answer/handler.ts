import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import {
  explainFailure,
  lastLines,
  migrationReason,
  stopTaskOfRun,
  type RunFailure,
} from '../../../core/services/migrations';
import { GoLiveError, saidBy } from '../../../core/shared/errors';
import { answerQuestion, type Question } from '../../shared/custom-resource-question';
import { defineHandler, type Invocation } from '../../shared/define-handler';
import { answerUrlVersion } from '../migrate/answer-url-version';
import { type EndedRun, EndedRunEvent } from './ended-run';
import { MigrateAnswerEnvironment } from './env';

/** Where CloudFormation waits for the answer is not known any more. */
export class AnswerUrlLostError extends GoLiveError {
  readonly code = 'AnswerUrlLostError';
}

/** How the run ended, for the state machine. */
export interface Told {
  readonly outcome: 'migrated' | 'failed';
  /** Empty when the database is migrated. */
  readonly reason: string;
}

type Work = Invocation<z.output<typeof MigrateAnswerEnvironment>, EndedRun>;

/** For looking; what is left of the function's minute is for telling. */
const LOOK_MS = 25_000;
/** Before Lambda's end: what `defineHandler` keeps for its last words, and a little. */
const ANSWER_MS = 5_000;

const secretsManager = new SecretsManagerClient({});
const logs = new CloudWatchLogsClient({});
const ecs = new ECSClient({});

/**
 * Tells CloudFormation, if it asked, how the migrations ended: the last act of their state machine, and once more from
 * outside it when the state machine could not. A second answer does no harm, for CloudFormation reads the first.
 *
 * That the database was not migrated is no failure of this function's; that nobody could be told is one.
 */
export const handler = defineHandler({
  name: 'services/migrate-answer',
  environment: MigrateAnswerEnvironment,
  event: EndedRunEvent,
  run: async (invocation): Promise<Told> => {
    const { event, logger } = invocation;
    const { run, failure, isTold, executionName } = event;
    if (isTold) {
      logger.info('the run has told its end itself', { execution: executionName });
      return { outcome: 'failed', reason: 'told before' };
    }
    const reason = failure && (await reasonOf(failure, invocation));
    if (reason === undefined) logger.info('the database is migrated', { execution: executionName });
    else logger.warn(reason, { execution: executionName });
    if (run.question) await tell(run.question, reason, invocation);
    return reason === undefined ? { outcome: 'migrated', reason: '' } : { outcome: 'failed', reason };
  },
});

async function tell(question: Question, reason: string | undefined, invocation: Work): Promise<void> {
  const url = await urlOf(question, invocation.environment.ANSWER_URL_SECRET_ARN);
  const until = new Date(invocation.deadline.getTime() - ANSWER_MS);
  await answerQuestion(question, { reason }, { url, until });
}

async function urlOf(question: Question, secretArn: string): Promise<string> {
  try {
    const { SecretString } = await secretsManager.send(
      new GetSecretValueCommand({ SecretId: secretArn, VersionId: answerUrlVersion(question) }),
    );
    if (SecretString) return SecretString;
    throw new Error('the version has no text');
  } catch (error) {
    throw new AnswerUrlLostError(
      `CloudFormation cannot be told of ${question.logicalResourceId}: ${saidBy(error)}; it waits until the resource's time-out: cancel the update, see that the function may read its secret, and deploy again`,
      { cause: error },
    );
  }
}

/** Whatever cannot be found out about it, that it failed is told. */
async function reasonOf(failure: RunFailure, invocation: Work): Promise<string> {
  const { environment, event, logger } = invocation;
  const { LOG_GROUP_NAME: logGroupName, LOG_STREAM_PREFIX } = environment;
  const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(LOOK_MS)]);
  const { what, taskArn, hasRun } = explainFailure(failure);
  const problems: string[] = [];
  const attempt = async <T>(about: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      logger.warn(`${about}: ${saidBy(error)}`);
      problems.push(saidBy(error));
      return undefined;
    }
  };
  const task =
    taskArn ??
    (await attempt('the task could not be looked for', () =>
      stopTaskOfRun({
        ecs,
        signal,
        cluster: environment.CLUSTER_ARN,
        family: environment.TASK_FAMILY,
        executionName: event.executionName,
      }),
    ));
  const taskId = task?.split('/').at(-1);
  const logStreamName = taskId && `${LOG_STREAM_PREFIX}/${taskId}`;
  const log =
    logStreamName === undefined
      ? undefined
      : await attempt('the log could not be read', () =>
          lastLines({ logs, logGroupName, logStreamName, signal, isExpected: hasRun === true }),
        );
  return migrationReason({
    what,
    log: log ?? (problems.length > 0 ? { unreadable: problems.join('; ') } : []),
    logGroupName,
    logStreamName,
  });
}
