import { ConfigurationError, type EnvironmentInput } from '../../../lib/config';
import { dev } from '../../../lib/config/dev';
import { parseEnvironments } from '../../../lib/config/parse';
import { prod } from '../../../lib/config/prod';
import { staging } from '../../../lib/config/staging';

type Delivery = NonNullable<EnvironmentInput['delivery']>;

const inputs = (changes: {
  readonly staging?: Partial<EnvironmentInput>;
  readonly delivery?: Partial<Delivery>;
}): Map<string, unknown> =>
  new Map<string, unknown>([
    ['lib/config/dev.ts', dev],
    [
      'lib/config/staging.ts',
      {
        ...staging,
        ...changes.staging,
        delivery: { ...(staging.delivery as Delivery), ...changes.delivery },
      },
    ],
    ['lib/config/prod.ts', prod],
  ]);

function refusal(changes: Parameters<typeof inputs>[0]): string {
  try {
    parseEnvironments(inputs(changes));
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return '';
}

describe('the delivery of an environment', () => {
  test.each([
    [
      'a wildcard for the repository',
      { repository: 'my-company/*' },
      /delivery\.repository: got "my-company\/\*"/,
    ],
    ['an owner alone', { repository: 'my-company' }, /delivery\.repository/],
    ['a wildcard for the GitHub environment', { githubEnvironment: '*' }, /delivery\.githubEnvironment/],
    ['a colon in the GitHub environment', { githubEnvironment: 'prod:eu' }, /delivery\.githubEnvironment/],
    ['a wildcard for the branch', { branch: 'release/*' }, /delivery\.branch/],
    ['numbers that are none', { ids: { owner: 'x', repository: '1' } }, /delivery\.ids\.owner/],
  ])('refuses %s', (_what, delivery, problem) => {
    expect(refusal({ delivery })).toMatch(problem);
  });

  test('refuses two environments of one account that both make its provider', () => {
    expect(refusal({ staging: { account: dev.account } })).toMatch(
      /staging\.ts has 1 problem:\n {2}- delivery\.provider: got "create", allowed: "existing", as lib\/config\/dev\.ts makes account/,
    );
    expect(refusal({ staging: { account: dev.account }, delivery: { provider: 'existing' } })).toBe('');
  });

  test.each(['dev', 'DEV'])('refuses a GitHub environment that another one has: %s', (githubEnvironment) => {
    expect(refusal({ delivery: { githubEnvironment } })).toMatch(/who approves one would approve both/);
  });

  test('takes the same name in another repository', () => {
    expect(refusal({ delivery: { githubEnvironment: 'dev', repository: 'my-company/other' } })).toBe('');
  });
});
