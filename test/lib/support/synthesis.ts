import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oncePerRun } from '../../support/once-per-run';
import cdkJson from '../../../cdk.json';
import { type EnvironmentConfig, type EnvironmentName, loadEnvironments } from '../../../lib/config';
import { PlatformStage } from '../../../lib/platform-stage';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder that is gone when the test file ends. */
export function outdir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'golive-synth-'));
  folders.push(folder);
  return folder;
}

/** An app with the feature flags of `cdk.json`, as the CLI would give them. */
export function makeApp(): App {
  return new App({ context: cdkJson.context, outdir: outdir() });
}

export type StackName = 'Network' | 'Database' | 'Secrets' | 'Backup' | 'Services' | 'Alerting';
/** Recovery only where the configuration names a region for it, Delivery only where it names a repository. */
export type Templates = Record<StackName, Template> & Record<'Recovery' | 'Delivery', Template | undefined>;

export function configOf(name: EnvironmentName): EnvironmentConfig {
  return loadEnvironments([name])[0] as EnvironmentConfig;
}

const known = new Map<EnvironmentName, Templates>();

/** The templates of an environment as it is configured. */
export function templatesOf(name: EnvironmentName): Templates {
  const templates = known.get(name) ?? templatesFor(configOf(name));
  known.set(name, templates);
  return templates;
}

/** The templates of a configuration of the test's own: one configuration is synthesised once per run of the tests. */
export function templatesFor(config: EnvironmentConfig): Templates {
  const synthesised = oncePerRun(['templates', config], () => {
    const stage = new PlatformStage(makeApp(), { config });
    const stacks = stage.node.children.filter((child) => child instanceof Stack);
    return Object.fromEntries(stacks.map((stack) => [stack.node.id, Template.fromStack(stack).toJSON()]));
  });
  return Object.fromEntries(
    Object.entries(synthesised).map(([name, template]) => [name, Template.fromJSON(template)]),
  ) as unknown as Templates;
}

interface ReportedFinding {
  readonly ruleName: string;
  readonly acknowledgedId?: string;
  readonly acknowledgedAt?: string;
}

export interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly ReportedFinding[];
    readonly suppressedViolations?: readonly ReportedFinding[];
  }[];
}

/** Synthesises everything with every check, as `bin/app.ts` does. */
export function synthesiseAll(): { readonly app: App; readonly report: Report } {
  const app = makeApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  for (const config of loadEnvironments()) new PlatformStage(app, { config });
  app.synth();
  return { app, report: readReport(app) };
}

export function readReport(app: App): Report {
  return JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Report;
}

/**
 * A template in a few lines, for review: what is there, and what becomes of it. No property and no asset hash:
 * those that matter have tests that say why.
 */
export function outlineOf(template: Template): string[] {
  const { Resources } = template.toJSON() as {
    Resources: Record<string, { Type: string; DeletionPolicy?: string }>;
  };
  return Object.entries(Resources)
    .map(([id, { Type, DeletionPolicy }]) => [Type, id, DeletionPolicy].filter(Boolean).join(' '))
    .sort();
}
