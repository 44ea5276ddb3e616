import { Cron } from 'croner';
import { z } from 'zod';
import { scheduleRotation } from '../../rotation';
import { TemplateError } from '../intrinsics';
import { strictly } from '../properties';
import { physicalName, type Provider } from '../provider';

const ScheduleProperties = z.object({
  SecretId: z.string(),
  RotationLambdaARN: z.string(),
  RotateImmediatelyOnUpdate: z.boolean().default(true),
  RotationRules: z.strictObject({
    ScheduleExpression: z.string().optional(),
    AutomaticallyAfterDays: z.number().int().optional(),
    Duration: z.string().optional(),
  }),
});

/** The functions that rotate are driven by `local/rotation.ts`: by a test, by hand, and at once where the template says so. */
export const rotationScheduleProvider: Provider = {
  treatment: 'executed',
  note: 'the emulator knows the function and the days; nobody waits for the window: platform.rotate drives it',
  async make(request, { clients: { secretsManager }, functions, permissions, rotations }) {
    const { SecretId: secretArn, ...properties } = strictly(ScheduleProperties, request);
    const functionArn = properties.RotationLambdaARN;
    const fn = functions.get(functionArn);
    if (!fn) throw new TemplateError(`${request.path}: there is no function ${functionArn}`);
    const isAllowed = (permissions.get(functionArn) ?? []).some(
      ({ principal, sourceArn }) =>
        principal === 'secretsmanager.amazonaws.com' && (sourceArn === undefined || sourceArn === secretArn),
    );
    if (!isAllowed) {
      throw new TemplateError(
        `${request.path}: ${fn.path} does not let Secrets Manager invoke it for ${secretArn}: add a Lambda permission`,
      );
    }
    const days = daysOf(properties.RotationRules, request.path);
    await scheduleRotation(secretsManager, secretArn, { functionArn, days });
    rotations.push({
      path: request.path,
      secretArn,
      functionArn,
      isDueAtOnce: properties.RotateImmediatelyOnUpdate,
    });
    return {
      ref: secretArn,
      attributes: { Id: physicalName(request) },
      ...(properties.RotateImmediatelyOnUpdate && {
        note: 'rotated at once when all is deployed; nobody waits for the window: platform.rotate drives it',
      }),
    };
  },
};

/** The emulator knows days only. */
function daysOf(
  {
    ScheduleExpression: expression,
    AutomaticallyAfterDays: days,
  }: z.output<typeof ScheduleProperties>['RotationRules'],
  path: string,
): number {
  if (days !== undefined) return days;
  const rate = /^rate\((\d+) days?\)$/.exec(expression ?? '')?.[1];
  if (rate !== undefined) return Number(rate);
  const fields = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)$/.exec(expression ?? '')?.slice(1);
  if (!fields) throw new TemplateError(`${path}: ${expression} is no schedule that the local platform knows`);
  // Without the year, and with a day that does not matter said in cron's word.
  const [first, second] = new Cron(fields.join(' ').replaceAll('?', '*'), { timezone: 'UTC' }).nextRuns(2);
  if (!first || !second) throw new TemplateError(`${path}: ${expression} comes never again`);
  return Math.max(1, Math.ceil((second.getTime() - first.getTime()) / 86_400_000));
}

const PolicyProperties = z.object({
  SecretId: z.string(),
  ResourcePolicy: z.record(z.string(), z.unknown()),
  BlockPublicPolicy: z.boolean().optional(),
});

export const secretPolicyProvider: Provider = {
  treatment: 'modelled',
  note: 'the emulator enforces no permissions; tests read the policies from the template',
  make(request) {
    const { SecretId } = strictly(PolicyProperties, request);
    return Promise.resolve({ ref: SecretId, attributes: { Id: SecretId } });
  },
};
