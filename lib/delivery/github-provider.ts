import { Stack } from 'aws-cdk-lib';
import { CfnOIDCProvider } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { platformSettings } from '../shared/platform-settings';

/** Who signs the tokens of GitHub's workflows. Its name is also what IAM calls their claims by: `<issuer>:sub`. */
export const GITHUB_ISSUER = 'token.actions.githubusercontent.com';

/** Whom a token must have been made for. https://github.com/aws-actions/configure-aws-credentials#oidc */
export const AUDIENCE = 'sts.amazonaws.com';

export interface GitHubProviderProps {
  readonly config: EnvironmentConfig;
  /** Whether it is made here, or has been in the account already: there can be one. */
  readonly provider: 'create' | 'existing';
}

/**
 * The account's trust in GitHub's tokens. By itself it lets nobody in: roles say which tokens they admit.
 *
 * It is the resource itself and not CDK's custom resource, whose function could do more than make it, and it has no
 * thumbprint: for GitHub IAM checks the certificate against its own list of authorities.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
 */
export class GitHubProvider extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { config, provider }: GitHubProviderProps) {
    super(scope, id);
    if (provider === 'existing') {
      this.arn = Stack.of(this).formatArn({
        service: 'iam',
        region: '',
        resource: 'oidc-provider',
        resourceName: GITHUB_ISSUER,
      });
      return;
    }
    const made = new CfnOIDCProvider(this, 'Provider', {
      url: `https://${GITHUB_ISSUER}`,
      clientIdList: [AUDIENCE],
    });
    // Other roles of the account may trust it too: it leaves as the environment's data does.
    made.applyRemovalPolicy(platformSettings(config).removalPolicy);
    this.arn = made.attrArn;
  }
}
