import Table from 'cli-table3';
import {
  evaluateSecrets,
  isUnreadable,
  observeSecrets,
  pickUpsOf,
  type SecretFact,
  type SecretsFacts,
  type SecretsLimits,
  type SecretsReport,
  type SecretState,
} from '../core/secrets/status';
import { inWords } from '../core/secrets/status/words';
import type { Console } from './console';
import type { Environment } from './environment';

/**
 * `golive secrets list`: how old each secret is, when it rotates, and who uses it. It reads no value, and says what is
 * wrong without failing: it is looked at in the middle of a rotation, too.
 *
 * @throws SecretsNotFoundError
 */
export async function secretsList(environment: Environment, output: Console): Promise<void> {
  const operations = await environment.secrets();
  output.progress('reading the secrets and the services that use them');
  const facts = await observeSecrets(environment, operations);
  const report = evaluateSecrets(facts, operations.limits, facts.observedAt);
  const rows = facts.secrets.map((secret) => ({
    ...rowOf(secret, facts, operations.limits),
    platform: operations.secrets.find(({ arn }) => arn === secret.arn)?.usedBy ?? [],
  }));
  output.result(forPeople(rows, facts, report, output), {
    environment: facts.environment,
    observedAt: report.observedAt,
    status: report.status,
    secrets: rows,
    checks: report.checks,
    ...(isUnreadable(facts.services) && { servicesUnreadable: facts.services.unreadable }),
  });
}

/** What is shown of one secret; times are ISO 8601, for the table they become ages. */
interface Row {
  readonly name: string;
  readonly kind: SecretFact['kind'];
  readonly arn: string;
  /** Why nothing else is known. */
  readonly unreadable?: string;
  /** Since when the current version exists. */
  readonly currentSince?: string | undefined;
  readonly lastRotatedAt?: string | undefined;
  readonly nextRotationAt?: string | undefined;
  readonly stage?: 'current' | 'pending' | 'stuck' | 'no-value' | 'never-set' | 'deleted';
  readonly pendingSince?: string | undefined;
  /** What of the platform itself reads it at run time. */
  readonly platform?: readonly string[];
  /** The services that do. Absent: not known. */
  readonly usedBy?: readonly { readonly service: string; readonly how: string }[];
  readonly notPickedUp?: readonly string[];
}

function rowOf(secret: SecretFact, { observedAt, services }: SecretsFacts, limits: SecretsLimits): Row {
  const { name, kind, arn, state } = secret;
  if (isUnreadable(state)) return { name, kind, arn, unreadable: state.unreadable };
  return {
    name,
    kind,
    arn,
    currentSince: state.current?.createdAt.toISOString(),
    lastRotatedAt: state.lastRotatedAt?.toISOString(),
    nextRotationAt: state.nextRotationAt?.toISOString(),
    stage: stageOf(state, observedAt, limits),
    pendingSince: state.pending?.since.toISOString(),
    ...(!isUnreadable(services) && {
      usedBy: services.flatMap((service) =>
        [...new Set(service.uses.filter((use) => use.secretArn === arn).map(({ how }) => how))].map(
          (how) => ({
            service: service.name,
            how,
          }),
        ),
      ),
      notPickedUp: pickUpsOf(secret, services)
        .filter(({ pickedUp }) => pickedUp !== 'yes')
        .map(({ service, pickedUp }) => `${service.name}${pickedUp === 'uncertain' ? ' (perhaps)' : ''}`),
    }),
  };
}

function stageOf(
  { deletionAt, pending, current, isUnset }: SecretState,
  now: Date,
  { pendingWarningHours }: SecretsLimits,
): NonNullable<Row['stage']> {
  if (deletionAt) return 'deleted';
  if (pending) {
    return now.getTime() - pending.since.getTime() > pendingWarningHours * 3_600_000 ? 'stuck' : 'pending';
  }
  if (!current) return 'no-value';
  return isUnset ? 'never-set' : 'current';
}

function forPeople(
  rows: readonly Row[],
  { environment, observedAt, services }: SecretsFacts,
  { checks }: SecretsReport,
  { colours }: Console,
): string {
  const ago = (at: string | undefined) =>
    at === undefined ? '' : inWords(observedAt.getTime() - new Date(at).getTime());
  const ahead = (at: string | undefined) => {
    if (at === undefined) return '';
    const left = new Date(at).getTime() - observedAt.getTime();
    return left >= 0 ? `within ${inWords(left)}` : colours.red(`${inWords(-left)} late`);
  };
  const stage = ({ stage: at, pendingSince }: Row) => {
    if (at === undefined) return '';
    if (at === 'current') return 'current';
    if (at === 'pending') return `pending since ${ago(pendingSince)}`;
    return colours.red(at === 'stuck' ? `stuck since ${ago(pendingSince)}` : at.replace('-', ' '));
  };
  const table = new Table({
    head: ['name', 'kind', 'age', 'rotated', 'next', 'stage', 'used by', 'not picked up'],
    style: { head: [], border: [] },
    wordWrap: true,
  });
  for (const row of rows) {
    if (row.unreadable !== undefined) {
      table.push([row.name, row.kind, { colSpan: 6, content: colours.red(row.unreadable) }]);
      continue;
    }
    table.push([
      row.name,
      row.kind,
      ago(row.currentSince),
      row.lastRotatedAt === undefined ? '' : `${ago(row.lastRotatedAt)} ago`,
      ahead(row.nextRotationAt),
      stage(row),
      [
        ...(row.platform ?? []),
        ...(row.usedBy?.map(({ service, how }) => `${service} (${HOW[how] ?? how})`) ?? ['unknown services']),
      ].join('\n'),
      colours.red(row.notPickedUp?.join('\n') ?? ''),
    ]);
  }
  const open = checks.filter(({ status }) => status !== 'ok');
  return [
    table.toString(),
    ...(isUnreadable(services) ? [`who uses them is not known: ${services.unreadable}`] : []),
    ...(open.length === 0
      ? [`the secrets of ${environment} are in order`]
      : open.map(({ status, detail, runbook }) => `${status}: ${detail}; ${runbook}`)),
  ].join('\n');
}

const HOW: Readonly<Record<string, string>> = {
  'injected-at-start': 'at its start',
  'fetched-at-run-time': 'at run time',
};
