import { Capability, LinuxParameters } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';

/**
 * Takes every capability from a container: ours bind no port below 1024 and change no owner.
 *
 * @param initProcess whether an init process reaps what is orphaned and passes signals on. @default false
 */
export function dropAllCapabilities(
  scope: Construct,
  { initProcess = false }: { readonly initProcess?: boolean } = {},
): LinuxParameters {
  const parameters = new LinuxParameters(scope, 'Linux', { initProcessEnabled: initProcess });
  parameters.dropCapabilities(Capability.ALL);
  return parameters;
}
