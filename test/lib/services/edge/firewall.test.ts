import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { SIGN_IN_PATHS } from '../../../../lib/services/edge';
import { edgeStack, PLAIN } from './edge-stack';
import { matches } from './web-requests';

interface Rule {
  readonly Name: string;
  readonly Priority: number;
  readonly Statement: {
    readonly RateBasedStatement?: {
      readonly Limit: number;
      readonly ScopeDownStatement?: Record<string, unknown>;
    };
    readonly ManagedRuleGroupStatement?: {
      readonly Name: string;
      readonly RuleActionOverrides?: unknown[];
      readonly ScopeDownStatement?: Record<string, unknown>;
    };
  };
  readonly Action?: unknown;
  readonly OverrideAction?: unknown;
  readonly VisibilityConfig: { readonly MetricName: string };
}

let template: Template;
let rules: readonly Rule[];

beforeAll(() => {
  template = edgeStack().template();
  const [acl] = Object.values(template.findResources('AWS::WAFv2::WebACL'));
  rules = (acl!['Properties'] as { Rules: Rule[] }).Rules;
});

const ruleOf = (name: string) => rules.find(({ Name }) => Name === name)!;

test('an environment without limits has no firewall', () => {
  const { edge, template: plain } = edgeStack(PLAIN, null);
  expect(edge.firewall).toBeUndefined();
  plain().resourceCountIs('AWS::WAFv2::WebACL', 0);
  plain().resourceCountIs('AWS::WAFv2::WebACLAssociation', 0);
});

test('it stands before the load balancer, and lets through what no rule is against', () => {
  template.hasResourceProperties('AWS::WAFv2::WebACL', {
    Name: 'golive-test',
    Scope: 'REGIONAL',
    DefaultAction: { Allow: {} },
  });
  template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', {
    ResourceArn: { Ref: Match.stringLikeRegexp('^EdgeLoadBalancer') },
    WebACLArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EdgeFirewallAcl'), 'Arn'] },
  });
});

test('rates are asked first, then what AWS knows of attackers and attacks', () => {
  expect(rules.map(({ Priority, Name }) => [Priority, Name])).toEqual([
    [0, 'SignInRate'],
    [1, 'RequestRate'],
    [2, 'AmazonIpReputationList'],
    [3, 'KnownBadInputsRuleSet'],
    [4, 'CommonRuleSet'],
    [5, 'SQLiRuleSet'],
  ]);
  expect(rules.map(({ VisibilityConfig }) => VisibilityConfig.MetricName)).toEqual(
    rules.map(({ Name }) => Name),
  );
  for (const { Statement, OverrideAction } of rules.slice(2)) {
    expect(Statement.ManagedRuleGroupStatement!.Name).toMatch(/^AWSManagedRules/);
    expect(OverrideAction).toEqual({ None: {} });
  }
});

test('a body of more than eight KiB is counted and not refused, and nothing else is', () => {
  const overrides = rules.flatMap(
    ({ Name, Statement }) =>
      Statement.ManagedRuleGroupStatement?.RuleActionOverrides?.map((override) => [Name, override]) ?? [],
  );
  expect(overrides).toEqual([
    ['CommonRuleSet', { Name: 'SizeRestrictions_BODY', ActionToUse: { Count: {} } }],
  ]);
});

test("browsers' error reports, which quote code, are not looked at for code", () => {
  const looksAt = (path: string) =>
    rules
      .filter(({ Statement: { ManagedRuleGroupStatement: group } }) => group !== undefined)
      .filter(
        ({ Statement: { ManagedRuleGroupStatement: group } }) =>
          !group!.ScopeDownStatement || matches(group!.ScopeDownStatement, { method: 'POST', path }),
      )
      .map(({ Name }) => Name);

  expect(looksAt('/monitoring')).toEqual(['AmazonIpReputationList', 'KnownBadInputsRuleSet']);
  for (const path of ['/', '/monitoring/', '/monitorinG', '/api/v1/projects', '/x/../monitoring']) {
    expect(looksAt(path)).toHaveLength(4);
  }
});

test.each([
  ['RequestRate', 3000],
  ['SignInRate', 50],
])('%s: more than %i from one address in five minutes is told to come back later', (name, limit) => {
  const { Statement, Action } = ruleOf(name);
  expect(Statement.RateBasedStatement).toMatchObject({
    Limit: limit,
    AggregateKeyType: 'IP',
    EvaluationWindowSec: 300,
  });
  expect(Action).toEqual({
    Block: {
      CustomResponse: {
        ResponseCode: 429,
        CustomResponseBodyKey: 'too-many-requests',
        ResponseHeaders: [{ Name: 'retry-after', Value: '300' }],
      },
    },
  });
  template.hasResourceProperties('AWS::WAFv2::WebACL', {
    CustomResponseBodies: {
      'too-many-requests': {
        ContentType: 'APPLICATION_JSON',
        Content: '{"type":"about:blank","title":"Too Many Requests","status":429}',
      },
    },
  });
});

describe('the rate of signing in', () => {
  const counts = (method: string, path: string) =>
    matches(ruleOf('SignInRate').Statement.RateBasedStatement!.ScopeDownStatement!, { method, path });

  test.each([
    '/api/v1/sessions',
    '/session',
    '/session/',
    '/%73ession',
    '//session',
    '/a/../session',
    '/SESSION',
    '/api/v1/%73essions',
    '/api//v1/./sessions',
  ])('counts POST %s', (path) => {
    expect(counts('POST', path)).toBe(true);
  });

  test.each([
    ['GET', '/session'],
    ['DELETE', '/api/v1/sessions'],
    ['POST', '/api/v1/projects'],
    ['POST', '/'],
    ['POST', '/docs/session'],
  ])('does not count %s %s', (method, path) => {
    expect(counts(method, path)).toBe(false);
  });
});

test('the services take passwords where the rate of signing in is counted, and nowhere else', () => {
  const read = (path: string) => readFileSync(join(__dirname, '../../../../services', path), 'utf8');
  const form = /<form[^>]*action="([^"]+)" method="post"/.exec(read('frontend/app/sign-in/page.tsx'));
  const route = /method: 'POST',\s+url: '([^']+)',\s+schema: {\s+operationId: 'signIn'/.exec(
    read('gateway/src/routes/sessions.ts'),
  );

  expect([route?.[1], form?.[1]]).toEqual([...SIGN_IN_PATHS]);
});

describe('what it writes down', () => {
  const PRIVATE = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-csrf-token'];

  test('has no credential in it: not in the log, not in the samples of the console, not in the details of a match', () => {
    template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: PRIVATE.map((Name) => ({ SingleHeader: { Name } })),
    });
    // Without an exception for a rule's details, for which these would be named.
    template.hasResourceProperties('AWS::WAFv2::WebACL', {
      DataProtectionConfig: {
        DataProtections: [
          {
            Field: { FieldType: 'SINGLE_HEADER', FieldKeys: PRIVATE },
            Action: 'SUBSTITUTION',
            ExcludeRuleMatchDetails: Match.absent(),
            ExcludeRateBasedDetails: Match.absent(),
          },
        ],
      },
    });
  });

  test('is what was blocked, or counted as if', () => {
    template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      LoggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: ['BLOCK', 'COUNT', 'EXCLUDED_AS_COUNT'].map((Action) => ({
              ActionCondition: { Action },
            })),
          },
        ],
      },
    });
  });

  test('goes to a group whose name AWS WAF takes, is kept for a while, and may be written there before it is sent', () => {
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: 'aws-waf-logs-golive-test', RetentionInDays: 14 },
      DeletionPolicy: 'Retain',
    });
    template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      LogDestinationConfigs: [
        {
          'Fn::Join': [
            '',
            [
              'arn:aws:logs:eu-central-1:111111111111:log-group:',
              { Ref: Match.stringLikeRegexp('^EdgeFirewallLogs') },
            ],
          ],
        },
      ],
    });
    const [policyId] = Object.keys(template.findResources('AWS::Logs::ResourcePolicy'));
    const [logging] = Object.values(template.findResources('AWS::WAFv2::LoggingConfiguration'));
    expect(logging!['DependsOn']).toContain(policyId);
  });

  test('comes from AWS on behalf of this account only', () => {
    const [policy] = Object.values(template.findResources('AWS::Logs::ResourcePolicy'));
    const [, parts] = (policy!['Properties'] as { PolicyDocument: { 'Fn::Join': [string, unknown[]] } })
      .PolicyDocument['Fn::Join'];
    const group = parts.find((part): part is object => typeof part === 'object');
    // CloudFormation's attribute ends in ":*", and so names the streams of the group.
    expect(group).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^EdgeFirewallLogs/), 'Arn'] });
    expect(JSON.parse(parts.map((part) => (part === group ? 'GROUP' : part)).join(''))).toMatchObject({
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'delivery.logs.amazonaws.com' },
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: 'GROUP',
          Condition: {
            StringEquals: { 'aws:SourceAccount': '111111111111' },
            ArnLike: { 'aws:SourceArn': 'arn:aws:logs:eu-central-1:111111111111:*' },
          },
        },
      ],
    });
  });
});
