import * as z from 'zod';

/** One service as the Services stack deployed it: CloudFormation writes this when ECS has told it that all is well. */
export const ServiceOperations = z.strictObject({
  /** `gateway` */
  name: z.string().min(1),
  clusterArn: z.string().min(1),
  serviceArn: z.string().min(1),
  /** With its revision. */
  taskDefinitionArn: z.string().regex(/\/[^/:]+:\d+$/, 'the ARN of a task definition with its revision'),
  /** Which build it is: the image's digest, or the hash of what it was built from. */
  version: z.string().min(1),
});
export type ServiceOperations = z.output<typeof ServiceOperations>;

/** What was deployed to an environment. The Services stack writes it as a parameter of Systems Manager. */
export const ServicesOperations = z.strictObject({
  servicesVersion: z.literal(1),
  environment: z.string().min(1),
  services: z.array(ServiceOperations).min(1),
});
export type ServicesOperations = z.output<typeof ServicesOperations>;

/** `/golive/prod/services` */
export function servicesParameterName(environment: string): string {
  return `/golive/${environment}/services`;
}
