import {
  isInSync,
  planSentry,
  type Plan,
  requireApplied,
  SentryApi,
  type SentryOperations,
  sentryToken,
  subjectOf,
} from '../core/sentry';
import { counted } from '../core/shared/units';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';
import { DriftError } from './errors';
import { outcomesAsJson, outcomesForPeople, planAsJson, planForPeople } from './sentry-words';

export interface SentryApplyOptions {
  readonly yes?: boolean;
}

/** What both commands may use of the process. */
export interface SentryMeans {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * `golive sentry plan`: what lies between Sentry and what is configured. It touches nothing.
 *
 * @throws DriftError when something does; SentryTokenMissingError, SentryRulesNotFoundError, and what Sentry's API says
 */
export async function sentryPlan(
  environment: Pick<Environment, 'sentry'>,
  output: Console,
  means: SentryMeans,
): Promise<void> {
  const { operations, plan } = await read(environment, output, means);
  output.result(planForPeople(plan, operations, output.colours), planAsJson(plan, operations));
  if (!isInSync(plan)) {
    throw new DriftError(
      `Sentry is not what is configured for ${operations.environment}: ${counted(plan.changes.length, 'change')}; golive sentry apply makes it so`,
    );
  }
}

/**
 * `golive sentry apply`: shows the plan, asks, and carries it out.
 *
 * @throws NotConfirmedError, SentryNotAppliedError, and as {@link sentryPlan}
 */
export async function sentryApply(
  environment: Environment,
  output: Console,
  options: SentryApplyOptions,
  means: SentryMeans,
): Promise<void> {
  const { operations, plan, apply } = await read(environment, output, means);
  if (isInSync(plan)) {
    return output.result(planForPeople(plan, operations, output.colours), {
      ...planAsJson(plan, operations),
      outcomes: [],
    });
  }
  output.say(planForPeople(plan, operations, output.colours));
  await requireYes(output, options, questionFor(plan, operations));
  const target = `Sentry organisation ${operations.rules.organization}`;
  await recorded(environment, output, 'sentry.apply', target, async (note) => {
    const report = await apply((done, total) =>
      output.progress('changing Sentry', { done, total, unit: 'entries' }),
    );
    const outcomes = outcomesAsJson(report);
    note({
      outcomes: outcomes.map(({ outcome, action, kind, name }) => `${outcome}: ${action} ${kind} ${name}`),
    });
    output.result(outcomesForPeople(report, operations, output.colours), {
      ...planAsJson(plan, operations),
      outcomes,
    });
    requireApplied(report);
  });
}

async function read(
  environment: Pick<Environment, 'sentry'>,
  output: Console,
  { env, signal }: SentryMeans,
): Promise<Awaited<ReturnType<typeof planSentry>> & { readonly operations: SentryOperations }> {
  const operations = await environment.sentry();
  const token = sentryToken(env);
  const { url, organization } = operations.rules;
  output.progress(`asking ${url} what is there`);
  const api = new SentryApi({ url, organization, token, signal });
  return { operations, ...(await planSentry(api, operations)) };
}

/** Whoever says yes knows what goes. */
function questionFor({ changes }: Plan, { rules: { organization } }: SentryOperations): string {
  const deleted = changes.filter(({ action }) => action === 'delete');
  const lost =
    deleted.length === 0
      ? ''
      : ` and delete ${counted(deleted.length, 'thing')} of ours for good (${deleted
          .slice(0, 3)
          .map((change) => subjectOf(change).name)
          .join(', ')}${deleted.length > 3 ? ' …' : ''})`;
  const changed = changes.length - deleted.length;
  return `Change ${counted(changed, 'thing')}${lost} in ${organization}?`;
}
