import { z } from 'zod';

/** A container of a task definition, as its template has it, every expression resolved. */
const Container = z.object({
  Name: z.string(),
  Image: z.string(),
  Command: z.array(z.string()).optional(),
  Essential: z.boolean().default(true),
  Environment: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  PortMappings: z.array(z.object({ ContainerPort: z.number(), Name: z.string().optional() })).default([]),
  Secrets: z.array(z.object({ Name: z.string() })).default([]),
  StopTimeout: z.number().optional(),
  LogConfiguration: z.object({ Options: z.record(z.string(), z.string()).default({}) }).optional(),
});

export const TaskDefinitionProperties = z.looseObject({ ContainerDefinitions: z.array(Container).min(1) });

export type ContainerDefinition = z.output<typeof Container>;

export interface TaskDefinition {
  readonly arn: string;
  /** The construct's path. */
  readonly path: string;
  readonly containers: readonly ContainerDefinition[];
  /** The Dockerfiles of the assembly, by the tag that an image's name ends in. */
  readonly dockerfiles: ReadonlyMap<string, string>;
}
