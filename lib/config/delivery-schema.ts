import * as z from 'zod';

/** GitHub's number of an account or a repository, which it never gives to another. */
const GitHubId = z.string().regex(/^\d+$/, 'a number as text, as "gh api repos/OWNER/NAME" tells it');

/**
 * How the environment is delivered: which repository's workflows may look at it and deploy it. Names hold no wildcard,
 * because they stand in a trust policy.
 */
export const Delivery = z.strictObject({
  /** As GitHub writes it: its tokens, and IAM, tell capitals from small letters. */
  repository: z
    .string()
    .regex(
      /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?\/[A-Za-z0-9._-]{1,100}$/,
      'a repository such as "my-company/golive"',
    ),
  /**
   * The repository's and its owner's numbers. With them a repository of the same name, made after this one was renamed or
   * deleted, is refused; GitHub puts them into the tokens of every repository made after 15 July 2026.
   * https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
   * @default names alone
   */
  ids: z.strictObject({ owner: GitHubId, repository: GitHubId }).optional(),
  /** The only branch whose workflows deploy. */
  branch: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/, 'a branch such as "main"')
    .default('main'),
  /** The GitHub environment, whose rules say who approves a deployment. */
  githubEnvironment: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'a GitHub environment such as "prod"'),
  /** An account holds one OIDC provider for GitHub: `create` it here, or use the `existing` one. */
  provider: z.enum(['create', 'existing']),
});
