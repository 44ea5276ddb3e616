import * as z from 'zod';
import type { Deployment as DeploymentRow, Project as ProjectRow } from '../generated/prisma/client';
import { Identifier, line, Timestamp } from '../http/text';

/** What the API gives and takes; a row is not given as it is. */
export const Project = z
  .object({
    id: Identifier,
    name: z.string(),
    slug: z.string(),
    repository: z.string(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Project' });

export type Project = z.output<typeof Project>;

export const NewProject = z
  .strictObject({
    name: line(100),
    slug: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens')
      .optional()
      .describe('Made of the name where it is not given'),
    repository: z.url({ protocol: /^https$/ }).max(300),
  })
  .meta({ id: 'NewProject' });

export const ProjectChange = NewProject.pick({ name: true, repository: true })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'nothing to change')
  .meta({ id: 'ProjectChange' });

/** Under way are the first two; the others are ends of it, and only what is live can be rolled back. */
export const DeploymentState = z
  .enum(['queued', 'building', 'live', 'failed', 'rolled_back'])
  .meta({ id: 'DeploymentState' });

export type DeploymentState = z.output<typeof DeploymentState>;

export const Deployment = z
  .object({
    id: Identifier,
    projectId: Identifier,
    version: z.string(),
    commit: z.string(),
    environment: z.string(),
    state: DeploymentState,
    createdAt: Timestamp,
    finishedAt: Timestamp.nullable(),
  })
  .meta({ id: 'Deployment' });

export type Deployment = z.output<typeof Deployment>;

export const NewDeployment = z
  .strictObject({
    version: line(64),
    commit: z.string().regex(/^[0-9a-f]{7,40}$/, 'a commit of 7 to 40 hexadecimal digits'),
    environment: z.string().regex(/^[a-z][a-z0-9-]{1,15}$/, 'an environment such as "prod"'),
  })
  .meta({ id: 'NewDeployment' });

export const DeploymentChange = z.strictObject({ state: DeploymentState }).meta({ id: 'DeploymentChange' });

export function toProject({ id, name, slug, repository, createdAt, updatedAt }: ProjectRow): Project {
  return {
    id,
    name,
    slug,
    repository,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function toDeployment(row: DeploymentRow): Deployment {
  const { id, projectId, version, commit, environment, state, createdAt, finishedAt } = row;
  return {
    id,
    projectId,
    version,
    commit,
    environment,
    state,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

/** A slug of a name: `Größe & Co.` gives `grosse-co`. Empty when the name holds no letter or digit that it knows. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
}
