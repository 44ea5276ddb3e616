import { TemplateError } from '../cloudformation/intrinsics';
import type { ServiceBuilds } from './builds';
import type { TaskDefinition } from './definition';
import type { TaskPlan } from './task';

/**
 * What a task of this definition runs: its one essential container, whose image is built from this project. The others
 * are sidecars.
 *
 * @throws TemplateError, ServiceBuildError
 */
export async function planOf(
  { path, containers, dockerfiles }: TaskDefinition,
  builds: ServiceBuilds,
): Promise<TaskPlan> {
  const refuse = (why: string): never => {
    throw new TemplateError(`${path}: ${why}; teach local/services/plan.ts`);
  };
  const essential = containers.filter(({ Essential }) => Essential);
  const [definition = refuse('no container is essential')] = essential;
  if (essential.length > 1) refuse('more than one container is essential, and one process stands for a task');
  if (definition.Secrets.length > 0) refuse('secrets are injected, and a service here reads its own');
  const tag = definition.Image.split(':').at(-1) ?? '';
  const dockerfile =
    dockerfiles.get(tag) ??
    refuse(`${definition.Image} is not built from this project, and none is pulled here`);
  return { name: definition.Name, image: await builds.image(dockerfile), definition };
}
