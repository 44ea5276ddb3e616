import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import { recordAudit } from '../../core/audit';
import { RotationEvent, runRotationStep, type RotationStrategy } from '../../core/secrets/rotation';
import { auditorOf } from './auditor';
import { defineHandler } from './define-handler';
import { findVault } from './find-vault';

/** What a rotation function is told, whatever it rotates. */
type RotationEnvironment = z.ZodType<{ readonly SECRET_ARN: string }>;

/** What a strategy is made of. */
export interface RotationMeans<Environment> {
  readonly secretsManager: SecretsManagerClient;
  readonly environment: Environment;
  readonly logger: Logger;
  /** Aborted when the function is about to run out of time. */
  readonly signal: AbortSignal;
}

export interface RotationDefinition<Environment extends RotationEnvironment, S> {
  /** The function's folder under `lambdas/`: `secrets/rotate-app`. */
  readonly name: string;
  readonly environment: Environment;
  readonly strategy: (means: RotationMeans<z.output<Environment>>) => RotationStrategy<S>;
  /** Proves that the current value works, when Secrets Manager tries out a schedule. @default nothing but reading it */
  readonly tryCurrent?: (means: RotationMeans<z.output<Environment>>, current: S) => Promise<void>;
  /** When a version has become current, once or again. */
  readonly whenFinished?: (means: RotationMeans<z.output<Environment>>, versionId: string) => Promise<void>;
}

const secretsManager = new SecretsManagerClient({});

/**
 * The one way to write a rotation function: it carries out the step that Secrets Manager asks for, leaves an audit
 * record of a rotation that ended and of every step that failed, and fails when the step does, so that the service
 * tries again. Records are on the log and, once the environment has one, in the vault.
 */
export function defineRotation<Environment extends RotationEnvironment, S>(
  definition: RotationDefinition<Environment, S>,
) {
  return defineHandler({
    name: definition.name,
    environment: definition.environment,
    event: RotationEvent,
    reporting: (event) => {
      // Of four invocations one ends the rotation. That a person began it is nothing that Secrets Manager tells.
      const step = RotationEvent.safeParse(event).data?.Step;
      return step === undefined ? 'nothing' : step === 'finishSecret' ? 'end' : 'failure';
    },
    run: async ({ event, environment, shared, logger, metrics, context, signal }) => {
      const { SECRET_ARN: secretArn } = environment;
      const { Step: step, ClientRequestToken: versionId } = event;
      const means = { secretsManager, environment, logger, signal };
      const strategy = tryingCurrent(definition, means);
      const startedAt = new Date();
      const begun = performance.now();
      const record = async (failure?: { readonly error: unknown }) => {
        const durationMilliseconds = performance.now() - begun;
        const { GOLIVE_ENVIRONMENT: name } = shared;
        const vault = await findVault(name, logger);
        await recordAudit(auditorOf({ logger, context, environment: name }, vault), {
          action: 'secret.rotate',
          target: secretArn,
          startedAt,
          durationMilliseconds,
          details: { step, versionId },
          ...(failure && { failure }),
        });
      };
      try {
        const outcome = await runRotationStep(event, { secretsManager, strategy, secretArn, log: logger });
        if (step === 'finishSecret') await definition.whenFinished?.(means, versionId);
        if (step === 'finishSecret' && outcome === 'done') {
          metrics.addMetric('SecretRotated', MetricUnit.Count, 1);
          await record();
        }
        return { step, outcome };
      } catch (error) {
        await record({ error });
        throw error;
      }
    },
  });
}

/**
 * A schedule that does not begin with a rotation is tried out: Secrets Manager asks for testSecret alone, of a version
 * made for it that holds what is current. No rotation makes such a one, so what it must prove is that the current
 * value works and that this function can tell.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 */
function tryingCurrent<Environment extends RotationEnvironment, S>(
  { strategy: strategyOf, tryCurrent }: RotationDefinition<Environment, S>,
  means: RotationMeans<z.output<Environment>>,
): RotationStrategy<S> {
  const strategy = strategyOf(means);
  return {
    ...strategy,
    test: async (versions) => {
      if (!isDeepStrictEqual(versions.pending, versions.current)) return await strategy.test(versions);
      means.logger.info('the schedule is tried out with the current value');
      await tryCurrent?.(means, versions.current);
    },
  };
}
