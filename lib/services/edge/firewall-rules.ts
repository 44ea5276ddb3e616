import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { EnvironmentConfig } from '../../config';

type Limits = NonNullable<EnvironmentConfig['edge']['waf']>;

/** Where programs and people send their passwords. Everything that begins so counts, too. */
export const SIGN_IN_PATHS = ['/api/v1/sessions', '/session'] as const;

/**
 * Where browsers send their error reports, which the frontend passes to Sentry. They quote source code, and that looks
 * like an attack.
 */
export const ERROR_REPORTS_PATH = '/monitoring';

const WINDOW_SECONDS = 300;

/** What somebody is told who sends too much, in the form in which the gateway tells it. */
export const TOO_MANY_REQUESTS = {
  key: 'too-many-requests',
  body: { type: 'about:blank', title: 'Too Many Requests', status: 429 },
} as const;

/**
 * Rules in their order; the first that blocks is the last that is asked. Rates come first, because they cost little and
 * what is over them needs no closer look. Together they take some 1,200 of the 1,500 capacity units that cost nothing
 * more: 25 + 200 + 700 + 200 for AWS's own, and for the sign-in rate 32 for each path, 10 of them for each transformation.
 * https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
 */
export function firewallRules({ requestsPer5Minutes, loginsPer5Minutes }: Limits): CfnWebACL.RuleProperty[] {
  return [
    rateRule('SignInRate', loginsPer5Minutes, isSigningIn()),
    rateRule('RequestRate', requestsPer5Minutes),
    managedRule('AmazonIpReputationList'),
    managedRule('KnownBadInputsRuleSet'),
    managedRule('CommonRuleSet', {
      // It would refuse every body of more than 8 KiB, which the API takes: the gateway has its own limit.
      counted: ['SizeRestrictions_BODY'],
      besides: ERROR_REPORTS_PATH,
    }),
    managedRule('SQLiRuleSet', { besides: ERROR_REPORTS_PATH }),
  ].map((rule, priority) => ({ ...rule, priority }));
}

type Unnumbered = Omit<CfnWebACL.RuleProperty, 'priority'>;

/**
 * So many from one address within five minutes. AWS WAF counts nearly, not exactly, and some seconds late: it is against
 * floods, and the gateway's own limit is the exact one.
 * https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-caveats.html
 */
function rateRule(name: string, limit: number, scopeDownStatement?: CfnWebACL.StatementProperty): Unnumbered {
  return {
    name,
    statement: {
      rateBasedStatement: {
        aggregateKeyType: 'IP',
        limit,
        evaluationWindowSec: WINDOW_SECONDS,
        ...(scopeDownStatement && { scopeDownStatement }),
      },
    },
    action: {
      block: {
        customResponse: {
          responseCode: 429,
          customResponseBodyKey: TOO_MANY_REQUESTS.key,
          responseHeaders: [{ name: 'retry-after', value: String(WINDOW_SECONDS) }],
        },
      },
    },
    visibilityConfig: visibilityOf(name),
  };
}

/**
 * One of AWS's own groups, in the version that AWS holds to be the current one.
 *
 * @param counted rules of it that do not block
 * @param besides a path, as it is sent, that it does not look at
 */
function managedRule(
  group: string,
  { counted = [], besides }: { readonly counted?: readonly string[]; readonly besides?: string } = {},
): Unnumbered {
  return {
    name: group,
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name: `AWSManagedRules${group}`,
        ...(counted.length > 0 && {
          ruleActionOverrides: counted.map((name) => ({ name, actionToUse: { count: {} } })),
        }),
        ...(besides !== undefined && {
          scopeDownStatement: { notStatement: { statement: isExactly(besides) } },
        }),
      },
    },
    overrideAction: { none: {} },
    visibilityConfig: visibilityOf(group),
  };
}

function isExactly(path: string): CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'EXACTLY',
      searchString: path,
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  };
}

function isSigningIn(): CfnWebACL.StatementProperty {
  return {
    andStatement: {
      statements: [
        {
          byteMatchStatement: {
            fieldToMatch: { method: {} },
            positionalConstraint: 'EXACTLY',
            searchString: 'POST',
            textTransformations: [{ priority: 0, type: 'NONE' }],
          },
        },
        { orStatement: { statements: SIGN_IN_PATHS.map(isBelow) } },
      ],
    },
  };
}

/** A router decodes a path before it looks at it, so `/%73ession` and `//session` have to count here, too. */
function isBelow(path: string): CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'STARTS_WITH',
      searchString: path,
      textTransformations: [
        { priority: 0, type: 'URL_DECODE' },
        { priority: 1, type: 'NORMALIZE_PATH' },
        { priority: 2, type: 'LOWERCASE' },
      ],
    },
  };
}

function visibilityOf(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: true };
}
