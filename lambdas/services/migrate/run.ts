import * as z from 'zod';
import { Question } from '../../shared/custom-resource-question';

/** A revision of the migrations' task. */
export const TaskDefinitionArn = z
  .string()
  .regex(/:task-definition\/[\w-]+:\d+$/, 'expected the ARN of a revision of a task definition');

/**
 * What a run of the migrations is given: the input of its state machine. Whoever may describe executions reads it, so
 * the URL that the question is answered at is not in it.
 */
export const MigrationRun = z.object({
  taskDefinition: TaskDefinitionArn,
  /** Who wants to know how it ends. @default nobody: a person began the run */
  question: Question.optional(),
});

export type MigrationRun = z.output<typeof MigrationRun>;
