import {
  evaluateSecrets,
  SecretsLimits,
  type SecretsCheckName,
  type SecretsFacts,
} from '../../../../core/secrets/status';
import { daysAgo, factsOf, minutesAgo, NOW, secret, secretState, service } from './fixtures';

const LIMITS = SecretsLimits.parse({});

function check(facts: SecretsFacts, name: SecretsCheckName) {
  return evaluateSecrets(facts, LIMITS, NOW).checks.find((one) => one.name === name)!;
}

const aged = (days: number) => secretState({ current: { versionId: 'v2', createdAt: daysAgo(days) } });

describe('what cannot be read', () => {
  const denied = { unreadable: 'SecretUnreadableError: secret app: AccessDeniedException' };

  test('a secret that cannot be read is not run in every check that asks about it, and never ok', () => {
    const facts = factsOf([secret('app', denied), secret('jwt')]);
    for (const name of ['rotation-overdue', 'rotation-stuck', 'not-picked-up'] as const) {
      expect(check(facts, name)).toMatchObject({
        status: 'not-run',
        figure: expect.stringContaining('1 unknown') as string,
      });
      expect(check(facts, name).detail).toContain('AccessDeniedException');
    }
    expect(check(facts, 'key-ring-next').status).toBe('ok');
    expect(evaluateSecrets(facts, LIMITS, NOW).status).toBe('warning');
  });

  test('it does not hide what is wrong with another', () => {
    const facts = factsOf([secret('app', denied), secret('backup', aged(33))]);
    expect(check(facts, 'rotation-overdue')).toMatchObject({
      status: 'critical',
      figure: '1 of 2 overdue, 1 unknown',
    });
  });

  test('services that cannot be listed make the pick-up not run, said once, and hide nothing else', () => {
    const facts = factsOf([secret('app'), secret('jwt')], { unreadable: 'ServicesUnreadableError: no' });
    expect(check(facts, 'not-picked-up')).toMatchObject({
      status: 'not-run',
      detail: 'not run: ServicesUnreadableError: no',
    });
    expect(check(facts, 'rotation-overdue').status).toBe('ok');
  });

  test('a key ring without dates for its present version is not run', () => {
    const facts = factsOf([secret('jwt', secretState({ ring: undefined }))]);
    expect(check(facts, 'key-ring-next')).toMatchObject({ status: 'not-run' });
  });
});

describe('rotation-overdue', () => {
  test.each([
    [30.9, 'ok'],
    [31.1, 'warning'],
    [32.1, 'critical'],
  ])('a value of %d days that should be 30 at most is %s', (days, status) => {
    const state = { ...aged(days), nextRotationAt: undefined };
    expect(check(factsOf([secret('app', state)]), 'rotation-overdue').status).toBe(status);
  });

  test('a next rotation in the past is overdue, however young the value', () => {
    const facts = factsOf([secret('app', secretState({ nextRotationAt: daysAgo(3) }))]);
    expect(check(facts, 'rotation-overdue')).toMatchObject({
      status: 'critical',
      detail: 'app is 10 d 0 h old, its rotation is 3 d 0 h late',
    });
  });

  test('a rotation that somebody switched off is critical at once', () => {
    const facts = factsOf([secret('app', secretState({ isRotationEnabled: false }))]);
    expect(check(facts, 'rotation-overdue').detail).toBe('app: its rotation is switched off');
  });

  test('a secret that is to be deleted is critical', () => {
    const facts = factsOf([secret('app', secretState({ deletionAt: daysAgo(-7) }))]);
    expect(check(facts, 'rotation-overdue').status).toBe('critical');
  });

  test('a secret that never got a value is overdue by its own age', () => {
    const empty = { ...secretState(), current: undefined, labelMoved: undefined, nextRotationAt: undefined };
    expect(check(factsOf([secret('jwt', empty)]), 'rotation-overdue').detail).toContain(
      'jwt has no value yet',
    );
  });

  test('nobody promised anything about what nothing rotates, nor about what people set', () => {
    const facts = factsOf([
      secret('master', { ...aged(900), isRotationEnabled: false }, { rotationDays: undefined }),
      secret('slack', aged(900)),
    ]);
    expect(check(facts, 'rotation-overdue').status).toBe('ok');
  });
});

describe('rotation-stuck', () => {
  test.each([
    [0.5, 'ok'],
    [2, 'warning'],
    [7, 'critical'],
  ])('a version pending for %d h is %s', (hours, status) => {
    const pending = { versionId: 'v3', since: daysAgo(hours / 24) };
    expect(check(factsOf([secret('app', secretState({ pending }))]), 'rotation-stuck').status).toBe(status);
  });
});

describe('key-ring-next', () => {
  const next = (days: number) =>
    secretState({ ring: { versionId: 'v2', currentSince: daysAgo(90), nextSince: daysAgo(days) } });

  test.each([
    [29, 'ok'],
    [31.5, 'warning'],
    [60, 'critical'],
  ])('rotations that go well and never promote: next for %d days of 30 is %s', (days, status) => {
    const facts = factsOf([secret('jwt', next(days))]);
    expect(check(facts, 'key-ring-next').status).toBe(status);
    expect(check(facts, 'rotation-overdue').status).toBe('ok');
  });

  test('a ring without a next key is a warning: the next rotation can promote nothing', () => {
    const ring = { versionId: 'v2', currentSince: daysAgo(1), nextSince: undefined };
    expect(check(factsOf([secret('data', secretState({ ring }))]), 'key-ring-next').status).toBe('warning');
  });
});

describe('not-picked-up', () => {
  const changed = (minutes: number) =>
    secret('app', secretState({ current: { versionId: 'v2', createdAt: minutesAgo(minutes) } }));
  const before = service('gateway', { primaryCreatedAt: daysAgo(5) });

  test.each([
    [10, 'ok'],
    [20, 'warning'],
    [61, 'critical'],
  ])('a service that still runs with the value of %d minutes ago is %s', (minutes, status) => {
    expect(check(factsOf([changed(minutes)], [before]), 'not-picked-up').status).toBe(status);
  });

  test('it names the secret and the services', () => {
    expect(check(factsOf([changed(61)], [before]), 'not-picked-up').detail).toBe(
      'app changed 1 h 1 min ago, and gateway still runs with the value before',
    );
  });

  test('a new deployment that does not take over leaves old tasks running, and is seen', () => {
    const halfWay = service('gateway', { primaryCreatedAt: minutesAgo(60), oldestCreatedAt: daysAgo(5) });
    expect(check(factsOf([changed(61)], [halfWay]), 'not-picked-up').status).toBe('critical');
  });

  test.each([
    ['was deployed since', service('gateway', { primaryCreatedAt: minutesAgo(60) })],
    ['has no tasks', service('gateway', { primaryCreatedAt: daysAgo(5), isRunning: false })],
    [
      'fetches it at run time',
      { ...before, uses: before.uses.map((use) => ({ ...use, how: 'fetched-at-run-time' as const })) },
    ],
    ['is pinned to a version', { ...before, uses: before.uses.map((use) => ({ ...use, isPinned: true })) }],
    ['uses another secret', { ...before, uses: before.uses.map((use) => ({ ...use, secretArn: 'other' })) }],
  ])('a service that %s has nothing to pick up', (_, one) => {
    expect(check(factsOf([changed(61)], [one]), 'not-picked-up').status).toBe('ok');
  });

  test('a deployment from while the rotation was at work is not trusted', () => {
    const rotated = secretState({
      labelMoved: { notBefore: minutesAgo(300), notAfter: minutesAgo(100), isRollback: false },
    });
    const facts = factsOf(
      [secret('app', rotated)],
      [service('gateway', { primaryCreatedAt: minutesAgo(200) })],
    );
    expect(check(facts, 'not-picked-up').status).toBe('critical');
  });

  test('after going back to an older version, what lies between is said to be uncertain, never critical', () => {
    const rolledBack = secretState({
      labelMoved: { notBefore: daysAgo(9), notAfter: daysAgo(1), isRollback: true },
    });
    const facts = (days: number) =>
      factsOf([secret('app', rolledBack)], [service('gateway', { primaryCreatedAt: daysAgo(days) })]);
    expect(check(facts(5), 'not-picked-up')).toMatchObject({ status: 'warning' });
    expect(check(facts(5), 'not-picked-up').detail).toContain('gateway perhaps still runs');
    expect(check(facts(9.5), 'not-picked-up').status).toBe('critical');
    expect(check(facts(0.5), 'not-picked-up').status).toBe('ok');
  });
});

describe('unset-value', () => {
  test('a third-party value that nobody has set is a warning, and never more', () => {
    const facts = factsOf([secret('sentry-dsn', secretState({ isUnset: true })), secret('slack')]);
    expect(check(facts, 'unset-value')).toMatchObject({
      status: 'warning',
      figure: '1 of 2 not set',
      detail: 'sentry-dsn has never been set',
    });
  });
});

test('an environment in order is ok on all five counts, each with its runbook section', () => {
  const report = evaluateSecrets(
    factsOf([secret('master'), secret('app'), secret('jwt'), secret('slack')], [service('gateway')]),
    LIMITS,
    NOW,
  );
  expect(report.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(report.checks.map(({ runbook }) => runbook)).toContain('docs/runbook.md#rotation-stuck');
  expect(report.status).toBe('ok');
});
