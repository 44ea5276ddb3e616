import * as z from 'zod';
import { scrubText } from '../../core/observability/scrub';
import { answerCloudFormation, type Answer } from './custom-resource-answer';

/**
 * What CloudFormation asked, for who answers it later. Without the URL, which is a credential: these are names that may
 * stand in a log.
 */
export const Question = z.object({
  stackId: z.string().min(1),
  requestId: z.string().min(1),
  logicalResourceId: z.string().min(1),
  physicalResourceId: z.string().min(1),
  /** In the answer that something failed. Of what was never made it says so, and deleting that does nothing. */
  failedPhysicalResourceId: z.string().min(1),
});

export type Question = z.output<typeof Question>;

/**
 * Answers a question that a function of `defineCustomResource` has handed over. A second answer does no harm:
 * CloudFormation reads the first.
 *
 * @param outcome `reason`: what failed, for people; it is scrubbed here, and cut at its end when it is too long
 * @param until when trying has to end
 * @throws CustomResourceAnswerError
 */
export async function answerQuestion(
  question: Question,
  outcome: { readonly reason?: string | undefined },
  { url, until }: { readonly url: string; readonly until: Date },
): Promise<void> {
  const about = {
    StackId: question.stackId,
    RequestId: question.requestId,
    LogicalResourceId: question.logicalResourceId,
  };
  const answer: Answer =
    outcome.reason === undefined
      ? { ...about, Status: 'SUCCESS', PhysicalResourceId: question.physicalResourceId }
      : {
          ...about,
          Status: 'FAILED',
          PhysicalResourceId: question.failedPhysicalResourceId,
          Reason: scrubText(outcome.reason),
        };
  await answerCloudFormation(answer, { url, until });
}
