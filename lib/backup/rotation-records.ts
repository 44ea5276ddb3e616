import { type IRole, Policy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Vault } from './vault';
import { grantVault } from './vault-access';

/**
 * Lets functions of a stack that is deployed before the vault's write their audit records. In a policy of this stack,
 * attached to their roles: in their own, their stack would need the vault, which needs them.
 */
export function allowRotationRecords(
  scope: Construct,
  { vault, roles }: { readonly vault: Vault; readonly roles: readonly IRole[] },
): void {
  grantVault(vault, new Policy(scope, 'RotationRecords', { roles: [...roles] }), { write: ['audit/'] });
}
