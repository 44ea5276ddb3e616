import { type App, Stack, Stage, Validations } from 'aws-cdk-lib';
import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { acknowledge } from '../../lib/shared/acknowledge';
import { makeApp, readReport, type Report, synthesiseAll } from './support/synthesis';

/** `<rule> at <construct>` of every acknowledgement in a tree. */
function acknowledgementsIn(app: App): string[] {
  return app.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.keys(data as object))
      .map((rule) => `${rule} at ${construct.node.path}`),
  );
}

/** aws-cdk-lib acknowledges these itself, for whoever may need it. */
const MADE_BY_CDK = /^CloudFormation-Validate::F300[23] at \S+\/FlowLog$/;

/** Acknowledgements that match no finding: a rule misspelt, or a reason gone. */
function stale(app: App, report: Report): string[] {
  const matched = new Set(
    report.pluginReports.flatMap(({ suppressedViolations = [] }) =>
      suppressedViolations.map((finding) => `${finding.acknowledgedId} at ${finding.acknowledgedAt}`),
    ),
  );
  return [...new Set(acknowledgementsIn(app))].filter(
    (acknowledgement) => !matched.has(acknowledgement) && !MADE_BY_CDK.test(acknowledgement),
  );
}

describe('synthesis of every environment', () => {
  const printed: unknown[][] = [];
  let synthesised: ReturnType<typeof synthesiseAll>;

  beforeAll(() => {
    const spies = (['log', 'warn', 'error'] as const).map((method) =>
      jest.spyOn(console, method).mockImplementation((...line) => void printed.push(line)),
    );
    synthesised = synthesiseAll();
    for (const spy of spies) spy.mockRestore();
  });

  test('prints no warning', () => {
    expect(printed).toEqual([]);
  });

  test('leaves no finding of cdk-nag or CloudFormation Validate that is not acknowledged', () => {
    expect(synthesised.report.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
    expect(synthesised.report.pluginReports.map(({ pluginName }) => pluginName).sort()).toEqual([
      'AwsSolutions',
      'CloudFormation Validate',
    ]);
  });

  test('has no acknowledgement that matches no finding', () => {
    expect(acknowledgementsIn(synthesised.app).length).toBeGreaterThan(10);
    expect(stale(synthesised.app, synthesised.report)).toEqual([]);
  });
});

describe('the checks of synthesis fail when they should:', () => {
  function appWith(fill: (stack: Stack) => void): App {
    const app = makeApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks());
    fill(new Stack(new Stage(app, 'stage'), 'Stack'));
    return app;
  }

  test('a finding that nobody acknowledged stops synthesis', () => {
    const app = appWith((stack) => new Bucket(stack, 'Open'));

    expect(() => app.synth()).toThrow(/AwsSolutions-S10/);
  });

  test("an acknowledgement without its plugin's name, or of no finding, is called stale", () => {
    const app = appWith((stack) => {
      const group = new CfnSecurityGroup(stack, 'Group', { groupDescription: 'lets nobody in' });
      acknowledge(group, 'AwsSolutions', 'AwsSolutions-EC23', 'Nothing to acknowledge here.');
      Validations.of(group).acknowledge({ id: 'AwsSolutions-EC23', reason: 'No plugin named.' });
    });
    app.synth();

    expect(stale(app, readReport(app))).toEqual([
      'AwsSolutions::AwsSolutions-EC23 at stage/Stack/Group',
      'Annotation::AwsSolutions-EC23 at stage/Stack/Group',
    ]);
  });
});
