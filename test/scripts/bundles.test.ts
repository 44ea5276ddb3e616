import { ENVIRONMENT_NAMES } from '../../lib/config';
import { BUNDLE_LIMIT_BYTES, type FunctionSource } from '../../lib/shared/bundle';
import { bundleReport, ZIP_FUNCTIONS } from '../../scripts/bundle-report';
import { templatesOf } from '../lib/support/synthesis';

/** What the function cannot do without. */
function clientOf({ capability, name }: FunctionSource): string {
  if (capability === 'secrets')
    return name === 'pick-up' ? '@aws-sdk/client-ecs' : '@aws-sdk/client-secrets-manager';
  return name === 'dump-retention' ? '@aws-sdk/client-s3' : '@aws-sdk/client-rds';
}

describe.each(ZIP_FUNCTIONS.map((source) => [`${source.capability}-${source.name}`, source] as const))(
  'the bundle of %s',
  (_label, source) => {
    const report = bundleReport(source);

    test('is under the limit', () => {
      expect(report.bytes).toBeGreaterThan(10_000);
      expect(report.bytes).toBeLessThan(BUNDLE_LIMIT_BYTES);
    });

    test('is accounted for, package by package', () => {
      const listed = report.inputs.reduce((sum, { bytes }) => sum + bytes, 0);

      expect(report.inputs.map(({ name }) => name)).toContain(clientOf(source));
      expect(listed / report.bytes).toBeGreaterThan(0.9);
      expect(listed).toBeLessThanOrEqual(report.bytes);
    });
  },
);

test('every zip function that is deployed is held to the limit', () => {
  const services = new Set(
    ENVIRONMENT_NAMES.flatMap((name) =>
      (['Backup', 'Recovery', 'Secrets'] as const).flatMap((stack) =>
        Object.values(templatesOf(name)[stack]?.findResources('AWS::Lambda::Function') ?? {}),
      ),
    )
      .map(
        ({ Properties }) =>
          Properties as { PackageType?: string; Environment: { Variables: Record<string, string> } },
      )
      .filter(({ PackageType }) => PackageType !== 'Image')
      .map(({ Environment }) => Environment.Variables['POWERTOOLS_SERVICE_NAME']),
  );

  expect([...services].sort()).toEqual(
    ZIP_FUNCTIONS.map(({ capability, name }) => `${capability}-${name}`).sort(),
  );
});
