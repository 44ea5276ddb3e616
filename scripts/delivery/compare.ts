import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NotCompared } from '../../core/delivery/comment';
import { compareEnvironment, type EnvironmentDiff } from '../../core/delivery/compare-environment';
import { pairStacks, readDeployedEnvironment } from '../../core/delivery/deployed';
import type { ReplacementSpec } from '../../core/delivery/replacement-spec';
import { GoLiveError } from '../../core/shared/errors';
import { environmentsOf, readStacks } from './assembly';

export interface CompareOptions {
  /** A synthesised assembly's folder. */
  readonly assembly: string;
  /** The folder with what was read of each environment: `<environment>.json`. */
  readonly deployed: string;
  /** Those that are delivered. */
  readonly environments: readonly string[];
  readonly spec: ReplacementSpec;
}

/**
 * Compares every environment that is delivered. One that could not be read is told and does not keep the others from
 * being compared; one that the assembly has and nobody delivers yet is told, too.
 */
export function compareAll({ assembly, deployed, environments, spec }: CompareOptions): {
  readonly diffs: readonly EnvironmentDiff[];
  readonly notCompared: readonly NotCompared[];
} {
  const diffs: EnvironmentDiff[] = [];
  const notCompared: NotCompared[] = [];
  for (const environment of environments) {
    try {
      diffs.push(compareOne(assembly, join(deployed, `${environment}.json`), environment, spec));
    } catch (error) {
      if (!(error instanceof GoLiveError)) throw error;
      notCompared.push({ environment, reason: error.message });
    }
  }
  return { diffs, notCompared };
}

function compareOne(
  assembly: string,
  file: string,
  environment: string,
  spec: ReplacementSpec,
): EnvironmentDiff {
  if (!existsSync(file))
    throw new NotReadError(`its account was not read: look at the job "deployed (${environment})"`);
  // All of it leaves the app, and that is the very thing to be told.
  const wanted = environmentsOf(assembly).has(environment) ? readStacks(assembly, environment) : [];
  const stacks = pairStacks(readDeployedEnvironment(readFileSync(file, 'utf8')), wanted);
  return compareEnvironment(environment, stacks, spec);
}

class NotReadError extends GoLiveError {
  readonly code = 'NotReadError';
}
