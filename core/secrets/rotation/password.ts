import { GetRandomPasswordCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { GoLiveError } from '../../shared/errors';

/** No password was made. */
export class PasswordNotMadeError extends GoLiveError {
  readonly code = 'PasswordNotMadeError';
  override readonly retryable = true;
}

/** What breaks URLs and shells, though nothing of ours: people paste passwords. */
const HOSTILE_CHARACTERS = ':/@"\'\\`';

/** How passwords are made. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html */
export const PasswordRules = z.object({
  /** Characters. */
  length: z.number().int().min(16).max(4096).default(32),
  excludeCharacters: z.string().default(HOSTILE_CHARACTERS),
  excludeNumbers: z.boolean().default(false),
  excludePunctuation: z.boolean().default(false),
  excludeUppercase: z.boolean().default(false),
  excludeLowercase: z.boolean().default(false),
  requireEachIncludedType: z.boolean().default(true),
});

export type PasswordRules = z.input<typeof PasswordRules>;

/**
 * A new random password, made by Secrets Manager of printable ASCII characters without the space.
 *
 * @throws PasswordNotMadeError
 */
export async function newPassword(
  secretsManager: SecretsManagerClient,
  rules: PasswordRules = {},
): Promise<string> {
  const all = PasswordRules.parse(rules);
  const { RandomPassword } = await secretsManager.send(
    new GetRandomPasswordCommand({
      PasswordLength: all.length,
      ExcludeCharacters: all.excludeCharacters,
      ExcludeNumbers: all.excludeNumbers,
      ExcludePunctuation: all.excludePunctuation,
      ExcludeUppercase: all.excludeUppercase,
      ExcludeLowercase: all.excludeLowercase,
      IncludeSpace: false,
      RequireEachIncludedType: all.requireEachIncludedType,
    }),
  );
  if (RandomPassword?.length === all.length) return RandomPassword;
  throw new PasswordNotMadeError(
    `Secrets Manager gave no password of ${all.length} characters; see that the function may call GetRandomPassword, and rotate again`,
  );
}
