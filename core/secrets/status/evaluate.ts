import { isUnreadable, type SecretFact, type SecretsFacts, type SecretState } from './facts';
import { judgeKeyRing, judgePending, judgePickUp, judgeRotation, judgeUnset, type Finding } from './judge';
import type { SecretsLimits } from './limits';
import {
  SECRETS_CHECK_NAMES,
  SecretsReport,
  worstOfSecrets,
  type SecretsCheck,
  type SecretsCheckName,
  type SecretsCheckStatus,
} from './report';

/** How one check looks at the environment's secrets. */
interface Question {
  /** Whether it is asked of this secret at all. */
  readonly isAskedOf: (secret: SecretFact) => boolean;
  /** Undefined: all is in order. */
  readonly judge: (secret: SecretFact, state: SecretState) => Finding | undefined;
  /** What is wrong with those that are not in order: `2 of 6 overdue`. */
  readonly word: string;
  readonly limit: string;
  readonly allWell: string;
}

/** Judges what was observed. Pure: the same facts give the same report. */
export function evaluateSecrets(facts: SecretsFacts, limits: SecretsLimits, now: Date): SecretsReport {
  const questions = questionsOf(facts, limits, now);
  const checks = SECRETS_CHECK_NAMES.map((name) => answer(name, questions[name], facts.secrets));
  return SecretsReport.parse({
    reportVersion: 1,
    environment: facts.environment,
    observedAt: now.toISOString(),
    status: worstOfSecrets(checks),
    checks,
  });
}

function questionsOf(
  { services }: SecretsFacts,
  limits: SecretsLimits,
  now: Date,
): Record<SecretsCheckName, Question> {
  const isByPeople = ({ kind }: SecretFact): boolean => kind === 'set-by-people';
  return {
    'rotation-overdue': {
      isAskedOf: (secret) => !isByPeople(secret),
      judge: (secret, state) => judgeRotation(secret, state, limits, now),
      word: 'overdue',
      limit: `warning ${limits.overdueWarningDays} d after it was due, critical after ${limits.overdueCriticalDays} d`,
      allWell: 'every value is younger than its rotation interval',
    },
    'rotation-stuck': {
      isAskedOf: (secret) => !isByPeople(secret),
      judge: (secret, state) => judgePending(secret, state, limits, now),
      word: 'pending',
      limit: `pending for at most ${limits.pendingWarningHours} h, critical after ${limits.pendingCriticalHours} h`,
      allWell: 'no rotation has stopped half-way',
    },
    'key-ring-next': {
      isAskedOf: ({ kind }) => kind === 'key-ring',
      judge: (secret, state) => judgeKeyRing(secret, state, limits, now),
      word: 'still next',
      limit: `next for at most the rotation interval and ${limits.nextKeyWarningDays} d, critical after ${limits.nextKeyCriticalDays} d`,
      allWell: 'every next key became current when it was due',
    },
    'not-picked-up': {
      isAskedOf: () => true,
      judge: (secret) => judgePickUp(secret, services, limits, now),
      word: 'not picked up',
      limit: `within ${limits.pickUpWarningMinutes} min of the change, critical after ${limits.pickUpCriticalMinutes} min`,
      allWell: 'every running service started with the present values',
    },
    'unset-value': {
      isAskedOf: isByPeople,
      judge: judgeUnset,
      word: 'not set',
      limit: 'set by a person',
      allWell: 'every third-party value is set',
    },
  };
}

function answer(name: SecretsCheckName, question: Question, secrets: readonly SecretFact[]): SecretsCheck {
  const asked = secrets.filter(question.isAskedOf);
  const findings = asked.flatMap((secret): Finding[] => {
    if (isUnreadable(secret.state))
      return [{ status: 'not-run', text: `not run: ${secret.state.unreadable}` }];
    const finding = question.judge(secret, secret.state);
    return finding ? [finding] : [];
  });
  const count = (statuses: readonly SecretsCheckStatus[]): number =>
    findings.filter(({ status }) => statuses.includes(status)).length;
  const unread = count(['not-run']);
  return {
    name,
    status: worst(findings),
    figure:
      `${count(['warning', 'critical'])} of ${asked.length} ${question.word}` +
      (unread > 0 ? `, ${unread} unknown` : ''),
    limit: question.limit,
    // The same reason for every secret, such as an ECS that does not answer, is said once.
    detail: [...new Set(findings.map(({ text }) => text))].join('; ') || question.allWell,
    runbook: `docs/runbook.md#${name}`,
  };
}

function worst(findings: readonly Finding[]): SecretsCheckStatus {
  const order = ['critical', 'warning', 'not-run'] as const;
  return order.find((status) => findings.some((finding) => finding.status === status)) ?? 'ok';
}
