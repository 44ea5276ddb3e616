import { App, Validations } from 'aws-cdk-lib';
import { FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { loadEnvironments } from './config';
import { PlatformStage } from './platform-stage';

/**
 * Synthesises every environment; `-c environments=local,dev` synthesises these only.
 */
export function synthesise(): void {
  // The CLI reports findings only for the stacks it is told to select, and plain `cdk synth` selects none of a
  // Stage's: the app reports them itself, and fails.
  const app = new App({ postCliContext: { [FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT]: true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  const selected = app.node.tryGetContext('environments') as string | undefined;
  for (const config of loadEnvironments(selected?.split(','))) new PlatformStage(app, { config });
  app.synth();
}
