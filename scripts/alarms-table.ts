import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import cdkJson from '../cdk.json';
import { type AlarmTemplate, readAlarms } from '../core/alerting/simulation/read-alarms';
import { loadEnvironments } from '../lib/config';
import { PlatformStage } from '../lib/platform-stage';
import { platformFacts } from './alarms/platform-facts';
import { runScenarios } from './alarms/run-scenarios';
import { alarmsPage } from './alarms/table';

/** Writes docs/alarms.md from the templates of production. */
function main(): void {
  const [config] = loadEnvironments(['prod']);
  if (!config) throw new Error('lib/config/ has no prod');
  const outdir = mkdtempSync(join(tmpdir(), 'golive-alarms-'));
  try {
    const stage = new PlatformStage(new App({ context: cdkJson.context, outdir }), { config });
    const templates = stage.node.children
      .filter((child) => child instanceof Stack)
      .map((stack) => Template.fromStack(stack).toJSON() as AlarmTemplate);
    const alarms = readAlarms(templates);
    const page = alarmsPage(config.name, alarms, runScenarios(alarms, platformFacts(config)));
    writeFileSync(join(__dirname, '../docs/alarms.md'), page);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

main();
