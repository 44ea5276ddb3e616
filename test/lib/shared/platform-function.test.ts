import { Duration, RemovalPolicy, Size, Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { Alarms } from '../../../lib/config/alarms-schema';
import { BundleError, bundleFunction, sourceMaps } from '../../../lib/shared/bundle';
import { PlatformFunction, type PlatformFunctionProps } from '../../../lib/shared/platform-function';
import type { PlatformSettings } from '../../../lib/shared/platform-settings';
import { makeApp } from '../support/synthesis';

const contract = z.object({ TABLE: z.string(), LIMIT: z.string().optional() });
const root = join(__dirname, '../fixtures/lambdas');

const platform: PlatformSettings = {
  environmentName: 'test',
  logLevel: 'INFO',
  logRetentionDays: 14,
  removalPolicy: RemovalPolicy.DESTROY,
  alarms: Alarms.parse({}),
};

const SENTRY_DSN = { name: 'golive/test/sentry-dsn', keyAlias: 'golive-test-secrets' };

function propsOf(
  over: Partial<PlatformFunctionProps<typeof contract>> = {},
): PlatformFunctionProps<typeof contract> {
  return {
    platform,
    source: { root, capability: 'sample', name: 'zip' },
    packaging: 'zip',
    contract,
    environment: { TABLE: 'things' },
    timeout: Duration.seconds(30),
    memory: Size.mebibytes(256),
    ...over,
  };
}

function makeStack(): Stack {
  // In a Stage, so that reading the template does not run the validation of a whole app.
  return new Stack(new Stage(makeApp(), 'stage'), 'Stack', {
    env: { account: '111111111111', region: 'eu-central-1' },
  });
}

function templateOf(over: Partial<PlatformFunctionProps<typeof contract>> = {}): Template {
  const stack = makeStack();
  new PlatformFunction(stack, 'Sample', propsOf(over));
  return Template.fromStack(stack);
}

function scheduledOn(settings: PlatformSettings): Template {
  const stack = makeStack();
  const asynchronous = { failureQueue: new Queue(stack, 'Failed'), retryAttempts: 2 } as const;
  new PlatformFunction(stack, 'Sample', propsOf({ platform: settings, asynchronous })).runOn({
    minute: '0',
    hour: '2',
  });
  return Template.fromStack(stack);
}

/** What its role may do, of the actions that match. */
function statementsAbout(template: Template, actions: RegExp): unknown[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap(
      (policy) =>
        (policy['Properties'] as { PolicyDocument: { Statement: { Action: string | string[] }[] } })
          .PolicyDocument.Statement,
    )
    .filter(({ Action }) => [Action].flat().some((action) => actions.test(action)));
}

describe('a function that cannot be made', () => {
  test('for want of a handler says where it should be', () => {
    expect(() => templateOf({ source: { root, capability: 'sample', name: 'absent' } })).toThrow(
      /no handler at .*sample\/absent\/handler\.ts: write one/,
    );
  });

  test('because its handler does not build says what esbuild says', () => {
    expect(() =>
      templateOf({ source: { root: `${root}-broken`, capability: 'sample', name: 'broken' } }),
    ).toThrow(/not-there/);
  });

  test('as an image for want of a Dockerfile says so', () => {
    expect(() => templateOf({ packaging: 'image' })).toThrow(BundleError);
    expect(() => templateOf({ packaging: 'image' })).toThrow(/no Dockerfile at/);
  });

  test('because its contract names what every function is told says which', () => {
    const overlapping = z.object({ TABLE: z.string(), GOLIVE_ENVIRONMENT: z.string() });

    expect(
      () =>
        new PlatformFunction(makeStack(), 'Sample', {
          ...propsOf(),
          contract: overlapping,
          environment: { TABLE: 'things', GOLIVE_ENVIRONMENT: 'mine' },
        }),
    ).toThrow(/contract of sample-zip names GOLIVE_ENVIRONMENT: remove it/);
  });

  test('on a schedule with no destination for failures says what to pass', () => {
    const sample = new PlatformFunction(makeStack(), 'Sample', propsOf());

    expect(() => sample.runOn({ minute: '0', hour: '2' })).toThrow(/pass "asynchronous"/);
  });
});

describe('the environment is typed by the contract', () => {
  test('what is missing, misspelt or no text does not compile', () => {
    const accepts = (props: PlatformFunctionProps<typeof contract>) => props.environment;

    // @ts-expect-error TABLE is missing
    accepts(propsOf({ environment: {} }));
    // @ts-expect-error LIMITS is misspelt
    accepts(propsOf({ environment: { TABLE: 'things', LIMITS: '3' } }));
    // @ts-expect-error an environment carries text only
    accepts(propsOf({ environment: { TABLE: 3 } }));
    expect(accepts(propsOf({ environment: { TABLE: 'things', LIMIT: '3' } }))).toEqual({
      TABLE: 'things',
      LIMIT: '3',
    });
  });

  test('what every function is told comes on top, and what is not set is left out', () => {
    templateOf({ environment: { TABLE: 'things' } }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          TABLE: 'things',
          GOLIVE_ENVIRONMENT: 'test',
          POWERTOOLS_SERVICE_NAME: 'sample-zip',
          POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
          POWERTOOLS_LOG_LEVEL: 'INFO',
          LIMIT: Match.absent(),
          SENTRY_DSN_SECRET_NAME: Match.absent(),
        },
      },
    });
  });

  test('a Sentry DSN is named, readable through Secrets Manager alone, and never in the template', () => {
    const template = templateOf({
      platform: {
        ...platform,
        sentryDsn: SENTRY_DSN,
      },
    });

    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { SENTRY_DSN_SECRET_NAME: 'golive/test/sentry-dsn' } },
    });
    expect(statementsAbout(template, /^(secretsmanager|kms):/)).toEqual([
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:golive/test/sentry-dsn-??????',
      },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: 'arn:aws:kms:eu-central-1:111111111111:key/*',
        Condition: {
          StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' },
          'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/golive-test-secrets' },
        },
      },
    ]);
  });

  test.each([
    ['Sentry is off', { hasCronMonitors: true }],
    ['there are no cron monitors', { sentryDsn: SENTRY_DSN }],
  ])('while %s it is told no monitor', (_why, over) => {
    scheduledOn({ ...platform, ...over }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { SENTRY_MONITOR_SLUG: Match.absent() } },
    });
  });

  test('without a schedule it is told no monitor, with one it is told the one that golive sentry makes', () => {
    const monitored = { ...platform, sentryDsn: SENTRY_DSN, hasCronMonitors: true };
    templateOf({ platform: monitored }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { SENTRY_MONITOR_SLUG: Match.absent() } },
    });
    scheduledOn(monitored).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { SENTRY_MONITOR_SLUG: 'golive-test-sample-zip' } },
    });
  });

  test('while Sentry is off no secret and no key may be used', () => {
    expect(statementsAbout(templateOf(), /^(secretsmanager|kms):/)).toEqual([]);
  });
});

describe('every function', () => {
  test.each(['zip', 'image'] as const)(
    'as %s is arm64, traced, and logs JSON to a group of its own',
    (packaging) => {
      const template = templateOf({ packaging, source: { root, capability: 'sample', name: packaging } });

      template.hasResourceProperties('AWS::Lambda::Function', {
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        Timeout: 30,
        MemorySize: 256,
        LoggingConfig: {
          LogFormat: 'JSON',
          ApplicationLogLevel: 'INFO',
          LogGroup: { Ref: Match.stringLikeRegexp('^SampleLogs') },
        },
      });
      template.hasResource('AWS::Logs::LogGroup', {
        Properties: { RetentionInDays: 14 },
        DeletionPolicy: 'Delete',
      });
    },
  );

  test('writes to its own log group and to no other', () => {
    templateOf().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SampleLogs'), 'Arn'] },
          }),
        ]),
      },
    });
  });

  test('is in alarm from a failed run until one that succeeds', () => {
    templateOf().hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('docs/runbook.md#sample-zip-failing$'),
      MetricName: 'Errors',
      Threshold: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'ignore',
    });
  });

  test('keeps what its caller asks for beside what we set', () => {
    const stack = makeStack();
    const sample = new PlatformFunction(
      stack,
      'Sample',
      propsOf({
        description: 'Mine',
        reservedConcurrentExecutions: 1,
        ephemeralStorageSize: Size.mebibytes(1024),
        initialPolicy: [
          new PolicyStatement({ actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::mine'] }),
        ],
      }),
    );
    const template = Template.fromStack(stack);

    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Mine',
      ReservedConcurrentExecutions: 1,
      EphemeralStorage: { Size: 1024 },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: 's3:ListBucket' })]),
      },
    });
    expect(sample.metricInvocations().metricName).toBe('Invocations');
    expect(sample.metricErrors().metricName).toBe('Errors');
    expect(sample.metricDuration().metricName).toBe('Duration');
    expect(sample.metricThrottles().metricName).toBe('Throttles');
  });

  test('in a VPC has its connections, and may attach itself', () => {
    const stack = makeStack();
    const vpc = new Vpc(stack, 'Vpc', { natGateways: 0, restrictDefaultSecurityGroup: false });
    const other = new SecurityGroup(stack, 'Other', { vpc: vpc as never });
    const sample = new PlatformFunction(
      stack,
      'Sample',
      propsOf({ vpc: vpc as never, vpcSubnets: { subnets: vpc.isolatedSubnets } }),
    );
    sample.connections.allowTo(other, Port.tcp(5432));

    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 5432 });
  });
});

describe('a function on a schedule', () => {
  function scheduled(): Template {
    const stack = makeStack();
    new PlatformFunction(
      stack,
      'Sample',
      propsOf({ asynchronous: { failureQueue: new Queue(stack, 'Failures'), retryAttempts: 2 } }),
    ).runOn({ minute: '30', hour: '2', weekDay: 'MON-FRI' });
    return Template.fromStack(stack);
  }

  test('runs in UTC, and an event that cannot be delivered goes to the failure queue', () => {
    scheduled().hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'cron(30 2 ? * MON-FRI *)',
      State: 'ENABLED',
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SampleFunction'), 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Failures'), 'Arn'] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 7200, MaximumRetryAttempts: 8 },
        }),
      ],
    });
  });

  test('sends an event that it failed for good to the failure queue', () => {
    scheduled().hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 7200,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Failures'), 'Arn'] } },
      },
    });
  });

  test('is in alarm when it is silent for its longest gap and two hours', () => {
    scheduled().hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('docs/runbook.md#sample-zip-not-running$'),
      MetricName: 'Invocations',
      Period: 3600,
      EvaluationPeriods: 74, // a weekend is 72 hours from Friday's run to Monday's
      DatapointsToAlarm: 74,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });
});

describe('assets', () => {
  function synthesised(packaging: 'zip' | 'image', name: string = packaging): string {
    const app = makeApp();
    new PlatformFunction(
      new Stack(new Stage(app, 'stage'), 'Stack'),
      'Sample',
      propsOf({ packaging, source: { root, capability: 'sample', name } }),
    );
    app.synth();
    return app.outdir;
  }

  const assetIn = (outdir: string) =>
    join(outdir, readdirSync(outdir).find((name) => /^asset\.[0-9a-f]{64}$/.test(name)) as string);

  test('a zip holds the handler alone, and no source map', () => {
    const outdir = synthesised('zip');

    expect(readdirSync(assetIn(outdir))).toEqual(['index.js']);
    expect(existsSync(join(outdir, 'sourcemaps'))).toBe(false);
    expect(readFileSync(join(assetIn(outdir), 'index.js'), 'utf8')).not.toContain('sourceMappingURL');
  });

  test('a zip whose handler names the certificate authorities of RDS has them beside it', () => {
    const outdir = synthesised('zip', 'database');

    expect(readdirSync(assetIn(outdir)).sort()).toEqual(['index.js', 'rds-ca.pem']);
  });

  test('an image is built from the handler, its Dockerfile and the certificate authorities of RDS', () => {
    const asset = assetIn(synthesised('image'));

    expect(readdirSync(asset).sort()).toEqual(['Dockerfile', 'index.js', 'rds-ca.pem']);
    expect(
      readFileSync(join(asset, 'rds-ca.pem'), 'utf8').match(/BEGIN CERTIFICATE/g)?.length,
    ).toBeGreaterThan(50);
  });

  test('a source map, made by itself, fits the code, and names sources from the project, not from this machine', () => {
    const map = new SourceMap(
      JSON.parse(Buffer.from(sourceMaps(root).get('sample-zip')!).toString('utf8')) as SourceMapPayload,
    );
    const code = Buffer.from(bundleFunction({ root, capability: 'sample', name: 'zip' }).code).toString(
      'utf8',
    );
    const lines = code.slice(0, code.lastIndexOf('"zip"')).split('\n');

    expect(map.payload.sources).toEqual(['test/lib/fixtures/lambdas/sample/zip/handler.ts']);
    expect(map.findEntry(lines.length - 1, lines.at(-1)!.length)).toMatchObject({
      originalSource: 'test/lib/fixtures/lambdas/sample/zip/handler.ts',
      originalLine: 2,
    });
  });

  test('what is bundled runs', async () => {
    const { handler } = (await import(join(assetIn(synthesised('zip')), 'index.js'))) as {
      handler: () => string;
    };

    expect(handler()).toBe('zip');
  });
});
