import type { Template } from './assembly';
import { referencesIn, TemplateError } from './intrinsics';

/**
 * The order in which a template's resources are made: each after what it refers to and what it depends on, and
 * otherwise as the template has them.
 *
 * @throws TemplateError when resources depend on each other in a circle
 */
export function deploymentOrder(template: Template): string[] {
  const order: string[] = [];
  const onTheWay: string[] = [];
  const visit = (logicalId: string): void => {
    if (order.includes(logicalId)) return;
    if (onTheWay.includes(logicalId)) {
      throw new TemplateError(
        `resources depend on each other in a circle: ${[...onTheWay, logicalId].join(' → ')}`,
      );
    }
    const resource = template.Resources[logicalId];
    if (!resource) return;
    onTheWay.push(logicalId);
    for (const needed of [...resource.DependsOn, ...referencesIn(resource.Properties)]) visit(needed);
    onTheWay.pop();
    order.push(logicalId);
  };
  Object.keys(template.Resources).forEach(visit);
  return order;
}
