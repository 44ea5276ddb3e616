import { describeProblem, type FileProblems } from './configuration-error';
import type { EnvironmentConfig } from './schema';

type Delivered = EnvironmentConfig & { readonly delivery: NonNullable<EnvironmentConfig['delivery']> };

/**
 * What must hold between environments: whoever may deploy the one may not thereby deploy the other, and an account has
 * one OIDC provider for GitHub.
 *
 * @param configs by the file that a person edits
 */
export function deliveryProblems(configs: ReadonlyMap<string, EnvironmentConfig>): FileProblems[] {
  const delivered = [...configs].flatMap(([file, config]) => (isDelivered(config) ? [{ file, config }] : []));
  return delivered.flatMap(({ file, config }, index) => {
    const earlier = delivered.slice(0, index);
    const problems = [providerProblem(config, earlier), environmentProblem(config, earlier)].filter(
      (problem) => problem !== undefined,
    );
    return problems.length > 0 ? [{ file, problems }] : [];
  });
}

interface Earlier {
  readonly file: string;
  readonly config: Delivered;
}

/** IAM refuses a second provider of the same address: EntityAlreadyExists, in the middle of a deployment. */
function providerProblem({ account, delivery }: Delivered, earlier: readonly Earlier[]): string | undefined {
  const maker = earlier.find(
    ({ config }) => config.account === account && config.delivery.provider === 'create',
  );
  return maker && delivery.provider === 'create'
    ? describeProblem(
        'delivery.provider',
        delivery.provider,
        `"existing", as ${maker.file} makes account ${account}'s provider`,
      )
    : undefined;
}

/** A GitHub environment that two deploy roles trust approves both at once. */
function environmentProblem({ delivery }: Delivered, earlier: readonly Earlier[]): string | undefined {
  const { repository, githubEnvironment } = delivery;
  const other = earlier.find(
    // GitHub's environments differ by more than their capitals.
    ({ config: { delivery: theirs } }) =>
      theirs.repository === repository &&
      theirs.githubEnvironment.toLowerCase() === githubEnvironment.toLowerCase(),
  );
  return (
    other &&
    describeProblem(
      'delivery.githubEnvironment',
      githubEnvironment,
      `a GitHub environment of its own: ${other.file} has this one, and who approves one would approve both`,
    )
  );
}

function isDelivered(config: EnvironmentConfig): config is Delivered {
  return config.delivery !== undefined;
}
