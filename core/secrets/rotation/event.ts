import * as z from 'zod';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html */
export const ROTATION_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

export type RotationStep = (typeof ROTATION_STEPS)[number];

/**
 * What Secrets Manager gives to a rotation function, once for each step. The step is any text here: one that we do
 * not know is refused by the run, which can say so.
 */
export const RotationEvent = z.looseObject({
  Step: z.string().min(1),
  /** The secret's ARN. */
  SecretId: z.string().min(1),
  /** Also the id of the version that is being made. */
  ClientRequestToken: z.string().min(1),
});

export type RotationEvent = z.output<typeof RotationEvent>;
