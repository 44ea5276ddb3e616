import { Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { EnvironmentConfig } from '../../../lib/config';
import { DeliveryStack } from '../../../lib/delivery/delivery-stack';
import { configOf, makeApp, outlineOf, templatesOf } from '../support/synthesis';
import { isAllowed, type Statement } from '../support/iam';

type Delivery = NonNullable<EnvironmentConfig['delivery']>;

/** The stack by itself: nothing of the other stacks is in it. */
const prodWith = (delivery: Partial<Delivery>): Template => {
  const config = configOf('prod');
  const stage = new Stage(makeApp(), 'prod', { env: { account: config.account, region: config.region } });
  const stack = new DeliveryStack(stage, 'Delivery', {
    config,
    delivery: { ...(config.delivery as Delivery), ...delivery },
  });
  return Template.fromStack(stack);
};
const prod = () => templatesOf('prod').Delivery as Template;

interface Role {
  readonly Properties: {
    readonly AssumeRolePolicyDocument: { readonly Statement: Statement[] };
    readonly MaxSessionDuration: number;
  };
}

function trustOf(template: Template, role: 'DiffRole' | 'DeployRole'): Statement[] {
  const [, found] = Object.entries(template.findResources('AWS::IAM::Role')).find(([id]) =>
    id.startsWith(role),
  )!;
  return (found as Role).Properties.AssumeRolePolicyDocument.Statement;
}

function allowedTo(template: Template, role: 'DiffRole' | 'DeployRole'): Statement[] {
  return Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(role))
    .flatMap(
      ([, policy]) =>
        (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument
          .Statement,
    );
}

const ISSUER = 'token.actions.githubusercontent.com';

/** A token of GitHub's as STS reads it: its claims, by the names of condition keys. */
type Claims = Readonly<Record<string, string | undefined>>;

function admits(trust: readonly Statement[], claims: Claims): boolean {
  const context = Object.entries(claims).flatMap(([claim, value]) =>
    value === undefined ? [] : [[`${ISSUER}:${claim}`, value] as const],
  );
  return isAllowed(trust, {
    action: 'sts:AssumeRoleWithWebIdentity',
    context: Object.fromEntries(context),
  });
}

const PULL_REQUEST: Claims = {
  aud: 'sts.amazonaws.com',
  sub: 'repo:my-company/golive:pull_request',
  ref: 'refs/pull/7/merge',
  repository: 'my-company/golive',
  repository_id: '456',
};
const DEPLOYMENT: Claims = {
  ...PULL_REQUEST,
  sub: 'repo:my-company/golive:environment:prod',
  ref: 'refs/heads/main',
};

/** What is told wrongly, and by whom. */
const NOT_A_PULL_REQUEST: readonly (readonly [string, Claims])[] = [
  ['a push to main', { sub: 'repo:my-company/golive:ref:refs/heads/main' }],
  ['another branch', { sub: 'repo:my-company/golive:ref:refs/heads/feature' }],
  ['a tag', { sub: 'repo:my-company/golive:ref:refs/tags/v1' }],
  ['a job with an environment', { sub: 'repo:my-company/golive:environment:prod' }],
  ['a workflow of a fork, in the fork', { sub: 'repo:somebody/golive:pull_request' }],
  ['a repository whose name begins alike', { sub: 'repo:my-company/golive-evil:pull_request' }],
  ['an owner whose name ends alike', { sub: 'repo:not-my-company/golive:pull_request' }],
  ['the same name in capitals', { sub: 'repo:My-Company/golive:pull_request' }],
  ['another audience', { aud: 'https://github.com/my-company' }],
  ['no audience', { aud: undefined }],
  ['no subject', { sub: undefined }],
];

const NO_DEPLOYMENT: readonly (readonly [string, Claims])[] = [
  ['a pull request', PULL_REQUEST],
  ['a push to main without the environment', { sub: 'repo:my-company/golive:ref:refs/heads/main' }],
  ['another environment', { sub: 'repo:my-company/golive:environment:staging' }],
  ['an environment whose name begins alike', { sub: 'repo:my-company/golive:environment:prod-eu' }],
  ['another branch that names the environment', { ref: 'refs/heads/feature' }],
  ['a branch whose name begins alike', { ref: 'refs/heads/main-2' }],
  ['a pull request that names the environment', { ref: 'refs/pull/7/merge' }],
  ['a tag that names the environment', { ref: 'refs/tags/main' }],
  ['a fork', { sub: 'repo:somebody/golive:environment:prod' }],
  ['a repository whose name begins alike', { sub: 'repo:my-company/golive2:environment:prod' }],
  ['another audience', { aud: 'sts.amazonaws.com.example' }],
  ['no audience', { aud: undefined }],
  ['no subject', { sub: undefined }],
  ['no branch', { ref: undefined }],
];

describe('the diff role', () => {
  test.each(NOT_A_PULL_REQUEST)('refuses %s', (_who, wrong) => {
    expect(admits(trustOf(prod(), 'DiffRole'), { ...PULL_REQUEST, ...wrong })).toBe(false);
  });

  test('admits a pull request of the repository', () => {
    expect(admits(trustOf(prod(), 'DiffRole'), PULL_REQUEST)).toBe(true);
  });
});

describe('the deploy role', () => {
  test.each(NO_DEPLOYMENT)('refuses %s', (_who, wrong) => {
    expect(admits(trustOf(prod(), 'DeployRole'), { ...DEPLOYMENT, ...wrong })).toBe(false);
  });

  test('admits a job of its environment on the branch that is deployed', () => {
    expect(admits(trustOf(prod(), 'DeployRole'), DEPLOYMENT)).toBe(true);
  });
});

describe('with the repository’s numbers', () => {
  const trust = () => trustOf(prodWith({ ids: { owner: '123', repository: '456' } }), 'DeployRole');
  const immutable = 'repo:my-company@123/golive@456:environment:prod';

  test.each([
    ['a repository that took the name', { repository_id: '789' }],
    ['a token without the number', { repository_id: undefined }],
    ['another repository in the new form', { sub: 'repo:my-company@123/golive@789:environment:prod' }],
    ['another owner in the new form', { sub: 'repo:my-company@124/golive@456:environment:prod' }],
    ['another environment in the new form', { sub: 'repo:my-company@123/golive@456:environment:dev' }],
  ])('refuses %s', (_who, wrong) => {
    expect(admits(trust(), { ...DEPLOYMENT, ...wrong })).toBe(false);
  });

  test('admits both forms of the subject', () => {
    expect(admits(trust(), DEPLOYMENT)).toBe(true);
    expect(admits(trust(), { ...DEPLOYMENT, sub: immutable })).toBe(true);
  });

  test('without them the new form is another subject', () => {
    expect(admits(trustOf(prod(), 'DeployRole'), { ...DEPLOYMENT, sub: immutable })).toBe(false);
  });
});

describe('these tests fail on a policy that is too open:', () => {
  const mutants: readonly (readonly [string, NonNullable<Statement['Condition']>])[] = [
    ['any subject of the owner', { StringLike: { [`${ISSUER}:sub`]: 'repo:my-company/*' } }],
    [
      'any context of the repository',
      { StringLike: { [`${ISSUER}:sub`]: 'repo:my-company/golive*:environment:prod' } },
    ],
    ['no branch', { StringEquals: { [`${ISSUER}:sub`]: 'repo:my-company/golive:environment:prod' } }],
    ['no subject', { StringEquals: { [`${ISSUER}:aud`]: 'sts.amazonaws.com' } }],
    [
      'all of no values',
      { 'ForAllValues:StringEquals': { [`${ISSUER}:sub`]: 'repo:my-company/golive:environment:prod' } },
    ],
  ];
  test.each(mutants)('%s', (_what, Condition) => {
    const trust: Statement[] = [{ Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Condition }];
    const admitted = NO_DEPLOYMENT.filter(([, wrong]) => admits(trust, { ...DEPLOYMENT, ...wrong }));
    expect(admitted.length).toBeGreaterThan(0);
  });
});

const STACK = 'arn:aws:cloudformation:eu-central-1:333333333333:stack';

/** What would write, or read what the environment holds. */
const FORBIDDEN: readonly (readonly [action: string, resource: string])[] = [
  ['cloudformation:CreateChangeSet', `${STACK}/prod-Database/1`],
  ['cloudformation:ExecuteChangeSet', `${STACK}/prod-Database/1`],
  ['cloudformation:UpdateStack', `${STACK}/prod-Database/1`],
  ['cloudformation:DeleteStack', `${STACK}/prod-Database/1`],
  ['cloudformation:GetTemplate', `${STACK}/staging-Database/1`],
  ['cloudformation:GetTemplate', 'arn:aws:cloudformation:us-east-1:333333333333:stack/prod-Database/1'],
  ['cloudformation:GetTemplate', 'arn:aws:cloudformation:eu-central-1:222222222222:stack/prod-Database/1'],
  ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:333333333333:secret:golive/prod/x'],
  ['ssm:GetParameter', 'arn:aws:ssm:eu-central-1:333333333333:parameter/anything'],
  ['kms:Decrypt', 'arn:aws:kms:eu-central-1:333333333333:key/1'],
  ['s3:GetObject', 'arn:aws:s3:::golive-prod-vault/dumps/golive/manifest.json'],
  ['rds-db:connect', 'arn:aws:rds-db:eu-central-1:333333333333:dbuser:db-X/golive'],
  ['rds:DeleteDBInstance', 'arn:aws:rds:eu-central-1:333333333333:db:golive-prod'],
  ['iam:PassRole', 'arn:aws:iam::333333333333:role/cdk-hnb659fds-cfn-exec-role-333333333333-eu-central-1'],
  ['sts:AssumeRole', 'arn:aws:iam::333333333333:role/anything'],
  ['sts:AssumeRole', 'arn:aws:iam::333333333333:role/cdk-hnb659fds-cfn-exec-role-333333333333-eu-central-1'],
  ['sts:AssumeRole', 'arn:aws:iam::222222222222:role/cdk-hnb659fds-deploy-role-222222222222-eu-central-1'],
  ['sts:AssumeRole', 'arn:aws:iam::333333333333:role/cdk-hnb659fds-deploy-role-333333333333-us-east-1'],
  ['logs:GetLogEvents', 'arn:aws:logs:eu-central-1:333333333333:log-group:x'],
];

const inRegion = { 'aws:RequestedRegion': 'eu-central-1' };

describe.each(['DiffRole', 'DeployRole'] as const)('%s', (role) => {
  test.each(FORBIDDEN)('may not %s on %s', (action, resource) => {
    expect(isAllowed(allowedTo(prod(), role), { action, resource, context: inRegion })).toBe(false);
  });

  test('reads which templates are deployed of the environment, in its regions', () => {
    const may = (action: string, resource: string, region = 'eu-central-1') =>
      isAllowed(allowedTo(prod(), role), { action, resource, context: { 'aws:RequestedRegion': region } });
    expect(may('cloudformation:GetTemplate', `${STACK}/prod-Database/1`)).toBe(true);
    expect(may('cloudformation:DescribeStacks', `${STACK}/prod-Database/1`)).toBe(true);
    expect(
      may(
        'cloudformation:GetTemplate',
        'arn:aws:cloudformation:eu-west-1:333333333333:stack/prod-Recovery/1',
        'eu-west-1',
      ),
    ).toBe(true);
    expect(may('cloudformation:ListStacks', '*')).toBe(true);
    expect(may('cloudformation:ListStacks', '*', 'us-east-1')).toBe(false);
  });
});

describe('the roles differ:', () => {
  const BOOTSTRAPPED = ['deploy', 'file-publishing', 'image-publishing', 'lookup'].flatMap((name) =>
    ['eu-central-1', 'eu-west-1'].map(
      (region) => `arn:aws:iam::333333333333:role/cdk-hnb659fds-${name}-role-333333333333-${region}`,
    ),
  );
  test.each(BOOTSTRAPPED)('only the deploy role takes on %s', (resource) => {
    const request = { action: 'sts:AssumeRole', resource };
    expect(isAllowed(allowedTo(prod(), 'DeployRole'), request)).toBe(true);
    expect(isAllowed(allowedTo(prod(), 'DiffRole'), request)).toBe(false);
  });

  test('only the deploy role reads a plan, and what runs', () => {
    const plan = { action: 'cloudformation:DescribeChangeSet', resource: `${STACK}/prod-Database/1` };
    const service = {
      action: 'ecs:DescribeServices',
      resource: 'arn:aws:ecs:eu-central-1:333333333333:service/prod-Services-ClusterX-1/gateway',
    };
    for (const request of [plan, service]) {
      expect(isAllowed(allowedTo(prod(), 'DeployRole'), request)).toBe(true);
      expect(isAllowed(allowedTo(prod(), 'DiffRole'), request)).toBe(false);
    }
  });

  test('a session lasts an hour for a look and two for a deployment', () => {
    const durations = Object.entries(prod().findResources('AWS::IAM::Role')).map(
      ([id, role]) => [id.slice(0, 6), (role as Role).Properties.MaxSessionDuration] as const,
    );
    expect(Object.fromEntries(durations)).toEqual({ DiffRo: 3600, Deploy: 7200 });
  });
});

describe('the stack', () => {
  test('has GitHub’s provider without a thumbprint and without a function that makes it', () => {
    prod().hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: 'https://token.actions.githubusercontent.com',
      ClientIdList: ['sts.amazonaws.com'],
    });
    expect(JSON.stringify(prod().toJSON())).not.toMatch(/Thumbprint|AWS::Lambda/);
  });

  test('uses the provider that an account has, and makes no second one', () => {
    const template = prodWith({ provider: 'existing' });
    template.resourceCountIs('AWS::IAM::OIDCProvider', 0);
    expect(JSON.stringify(trustOf(template, 'DiffRole'))).toContain(
      'arn:aws:iam::333333333333:oidc-provider/token.actions.githubusercontent.com',
    );
  });

  test('is not there where nobody delivers the environment', () => {
    expect(templatesOf('local').Delivery).toBeUndefined();
  });

  test('holds this', () => {
    expect(outlineOf(prod())).toMatchSnapshot();
  });
});
